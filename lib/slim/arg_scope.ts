import { describe } from '../core/dtype.js';
import { currentGraphOrNull, refusePromise } from '../core/graph.js';
import { unknownOption } from '../core/options.js';
import { ArgumentError, ScopeError } from '../errors.js';
import { checkedOptions, type Options } from './options.js';

/** Identity of a function in argument scopes. A decorated function and the one that it wraps share it. */
export interface ArgScopeKey {
  /** Slim's own name of the function, e.g. `convolution2d`. */
  readonly functionName: string;
  readonly optionNames: ReadonlySet<string>;
}

declare const optionsOf: unique symbol;

/** What `argScope` needs to know of a function; the type remembers which options it has. */
export interface ArgScoped<O extends object> {
  readonly argScopeKey: ArgScopeKey;
  readonly [optionsOf]?: (options: O) => void;
}

/** A function whose options take defaults from the surrounding argument scopes. */
export type Decorated<P extends readonly unknown[], O extends object, R> = ((
  ...args: [...P, options?: Options<O>]
) => R) &
  ArgScoped<O>;

type AnyArgScoped = ArgScoped<never>;
type OptionsOf<F> = F extends ArgScoped<infer O> ? O : never;
type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;

/** Defaults that fit all of some functions: the options that they have in common. */
export type SharedOptions<F extends readonly AnyArgScoped[]> = F extends readonly []
  ? Readonly<Record<string, never>>
  : {
      readonly [K in keyof OptionsOf<F[number]>]?: K extends keyof Intersection<OptionsOf<F[number]>>
        ? Intersection<OptionsOf<F[number]>>[K] | undefined
        : never;
    };

/** Defaults by function: what a scope holds. Captured by the body of `argScope`, it can be entered again anywhere. */
export class ArgScope {
  /** The scope without any defaults; entering it clears all those around it. */
  static readonly empty: ArgScope = new ArgScope(new Map());

  readonly defaults: ReadonlyMap<ArgScopeKey, Readonly<Record<string, unknown>>>;

  /** @internal `argScope` makes scopes. */
  constructor(defaults: ReadonlyMap<ArgScopeKey, Readonly<Record<string, unknown>>>) {
    this.defaults = defaults;
  }

  /** The defaults that this scope sets for a function. */
  of<O extends object>(fn: ArgScoped<O>): Options<O> {
    return (this.defaults.get(fn.argScopeKey) ?? {}) as Options<O>;
  }
}

const stateKey = Symbol('slimnet.argScope');

interface Holder {
  scope: ArgScope | null;
}

/** Scopes that are entered where no graph is being built; a graph that is built inside of them sees them. */
const outside: Holder = { scope: null };

function holder(): Holder {
  return currentGraphOrNull()?.state<Holder>(stateKey, () => ({ scope: null })) ?? outside;
}

/** The innermost scope at this point. */
export function currentArgScope(): ArgScope {
  return holder().scope ?? outside.scope ?? ArgScope.empty;
}

/**
 * Makes a function take part in argument scopes: its last parameter is an object of options, and what a call leaves out comes
 * from the scope at the time of the call, else from `defaults`.
 * @param name Slim's name of the function, e.g. `convolution2d`
 * @param defaults a value for every option that exists
 * @param fn gets its own parameters and then all options
 */
export function addArgScope<P extends readonly unknown[], O extends object, R>(
  name: string,
  defaults: O,
  fn: (...args: [...P, options: O]) => R,
): Decorated<P, O, R> {
  const key = keys.get(fn) ?? { functionName: name, optionNames: new Set(Object.keys(defaults)) };
  const required = Math.max(fn.length - 1, 0);
  const decorated = (...args: readonly unknown[]): R => {
    if (args.length < required || args.length > required + 1) {
      throw new ArgumentError(
        `${name}: expected ${required} arguments and options, received ${args.length} arguments.`,
        { op: name },
      );
    }
    const options = {
      ...defaults,
      ...currentArgScope().defaults.get(key),
      ...checkedOptions(name, key.optionNames, args[required]),
    };
    return fn(...([...args.slice(0, required), options] as unknown as [...P, options: O]));
  };
  Object.defineProperties(decorated, {
    name: { value: name },
    length: { value: required },
    argScopeKey: { value: key, enumerable: true },
  });
  keys.set(fn, key);
  keys.set(decorated, key);
  return decorated as unknown as Decorated<P, O, R>;
}

const keys = new WeakMap<object, ArgScopeKey>();

/**
 * Runs `body` with defaults for options of decorated functions, and gives back what it returns. The body gets the scope, which
 * may be kept and entered again: `argScope(scope, body)` replaces every scope around it by the kept one.
 * @throws ArgumentError when a function is not decorated or has no such option; ScopeError when the body returns a promise
 */
export function argScope<const F extends readonly AnyArgScoped[], R>(
  functions: F,
  defaults: SharedOptions<F>,
  body: (scope: ArgScope) => R,
): R;
export function argScope<R>(scope: ArgScope, body: (scope: ArgScope) => R): R;
export function argScope<R>(
  what: ArgScope | readonly AnyArgScoped[],
  second: unknown,
  third?: (scope: ArgScope) => R,
): R {
  if (what instanceof ArgScope) {
    if (third !== undefined || typeof second !== 'function') {
      throw new ArgumentError('argScope: a captured scope takes no defaults.', {
        hint: 'argScope(scope, body); nest another argScope([functions], defaults, body) for more.',
      });
    }
    return enter(new ArgScope(new Map(what.defaults)), second as (scope: ArgScope) => R);
  }
  if (!Array.isArray(what))
    throw new ArgumentError(
      `argScope: expected a list of decorated functions or a captured scope, received ${describe(what)}.`,
    );
  if (typeof third !== 'function')
    throw new ArgumentError(`argScope: expected a function as the body, received ${describe(third)}.`);
  return enter(extended(what, second), third);
}

function extended(functions: readonly unknown[], given: unknown): ArgScope {
  const scoped = new Map(currentArgScope().defaults);
  for (const fn of functions) {
    const key = keyOf(fn);
    if (key === undefined) {
      throw new ArgumentError(`argScope: ${nameOf(fn)} is not decorated.`, {
        hint: 'only functions made by addArgScope take part in argument scopes.',
      });
    }
    const where = `argScope([${key.functionName}])`;
    scoped.set(key, { ...scoped.get(key), ...checkedOptions(where, key.optionNames, given) });
  }
  const [stray] = functions.length === 0 ? Object.keys((given ?? {}) as object) : [];
  if (stray !== undefined) throw unknownOption('argScope([])', [], stray, { op: 'argScope([])' });
  return new ArgScope(scoped);
}

function enter<R>(scope: ArgScope, body: (scope: ArgScope) => R): R {
  const state = holder();
  const outer = state.scope;
  state.scope = scope;
  try {
    return refusePromise(body(scope), 'argScope');
  } finally {
    state.scope = outer;
  }
}

function keyOf(fn: unknown): ArgScopeKey | undefined {
  return typeof fn === 'function' ? keys.get(fn) : undefined;
}

function nameOf(fn: unknown): string {
  return typeof fn === 'function' && fn.name !== '' ? fn.name : describe(fn);
}

/** True for functions made by `addArgScope`, and for those that they wrap. */
export function hasArgScope(fn: unknown): fn is AnyArgScoped {
  return keyOf(fn) !== undefined;
}

/** Names of the options that a scope may set. @throws ScopeError when the function is not decorated */
export function argScopedArguments(fn: unknown): readonly string[] {
  return [...argScopeFunctionKey(fn).optionNames];
}

/** The key under which scopes keep a function's defaults. @throws ScopeError when the function is not decorated */
export function argScopeFunctionKey(fn: unknown): ArgScopeKey {
  const key = keyOf(fn);
  if (key === undefined) throw new ScopeError(`${nameOf(fn)} is not decorated.`);
  return key;
}
