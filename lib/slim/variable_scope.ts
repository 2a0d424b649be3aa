import { type DType, describe, isDType } from '../core/dtype.js';
import { currentGraph, type Graph, refusePromise } from '../core/graph.js';
import { ArgumentError, ScopeError } from '../errors.js';
import type { CustomGetter } from './get_variable.js';
import type { Initializer } from './initializers.js';
import { mergeOptions } from './options.js';
import type { Regularizer } from './regularizers.js';

/** Reuse variables that exist and create those that do not. */
export const AUTO_REUSE = 'auto';

/** null takes over the surrounding scope's mode; false does too, for reuse cannot be switched off inside. */
export type Reuse = boolean | typeof AUTO_REUSE | null;

/** Name of a scope, a scope object, or null for a default name. */
export type Scope = string | VariableScope | null;

/** What variables get that are made without an initializer, a regularizer or a dtype of their own; scopes inside take it over. */
export interface VariableDefaults {
  readonly initializer: Initializer | null;
  readonly regularizer: Regularizer | null;
  readonly dtype: DType;
}

/** A place in the tree of variable names. */
export class VariableScope {
  /** Prefix of the variables, without a trailing slash; '' at the root. */
  readonly name: string;
  /** Name scope of the ops when this object was first opened, with a trailing slash. */
  readonly originalNameScope: string;
  #reuse: Reuse;
  /** @internal */
  readonly getters: readonly CustomGetter[];
  readonly defaults: VariableDefaults;

  /** @internal `variableScope` makes scopes. */
  constructor(
    name: string,
    originalNameScope: string,
    reuse: Reuse,
    getters: readonly CustomGetter[] = [],
    defaults: VariableDefaults = { initializer: null, regularizer: null, dtype: 'float32' },
  ) {
    this.name = name;
    this.originalNameScope = originalNameScope;
    this.#reuse = reuse;
    this.getters = getters;
    this.defaults = defaults;
  }

  get reuse(): Reuse {
    return this.#reuse;
  }

  /** From here on this scope only hands out variables that exist. */
  reuseVariables(): void {
    this.#reuse = true;
  }
}

/** Options of `variableScope`. */
export interface VariableScopeOptions {
  /** Name when none is given; made unique in the surrounding scope: `Conv`, `Conv_1`, ... */
  readonly defaultName?: string | undefined;
  readonly reuse?: Reuse | undefined;
  readonly customGetter?: CustomGetter | undefined;
  /** Draws the first values of variables that have no initializer of their own. */
  readonly initializer?: Initializer | null | undefined;
  /** Regularizes variables that have no regularizer of their own, statistics and biases of layers included. */
  readonly regularizer?: Regularizer | null | undefined;
  /** dtype of variables that `getVariable` and `variable` make without one; layers have their own. */
  readonly dtype?: DType | null | undefined;
}

interface Complete {
  defaultName: string | undefined;
  reuse: Reuse;
  customGetter: CustomGetter | undefined;
  initializer: Initializer | null;
  regularizer: Regularizer | null;
  dtype: DType | null;
}

const defaultOptions: Complete = {
  defaultName: undefined,
  reuse: null,
  customGetter: undefined,
  initializer: null,
  regularizer: null,
  dtype: null,
};

interface ScopeState {
  current: VariableScope;
  /** How often each full scope name was opened since a scope above it was left. */
  openings: Map<string, number>;
}

const stateKey = Symbol('slimnet.variableScope');

function stateOf(graph: Graph): ScopeState {
  return graph.state<ScopeState>(stateKey, () => ({
    current: new VariableScope('', '', null),
    openings: new Map(),
  }));
}

/** The innermost variable scope of the graph that is being built. */
export function getVariableScope(): VariableScope {
  return stateOf(currentGraph()).current;
}

/**
 * Runs `body` inside a variable scope, which opens a name scope for ops as well, and gives back what it returns.
 * @param scope a name below the current scope; a scope object, whose own prefix counts wherever it is entered; or null for
 *   the default name
 * @param options a default name, or options
 * @throws ArgumentError when there is no name; ScopeError when reuse is asked for without a name, or the body returns a promise
 */
export function variableScope<R>(scope: Scope, body: (scope: VariableScope) => R): R;
export function variableScope<R>(
  scope: Scope,
  options: string | VariableScopeOptions,
  body: (scope: VariableScope) => R,
): R;
export function variableScope<R>(
  scope: Scope,
  second: string | VariableScopeOptions | ((scope: VariableScope) => R),
  third?: (scope: VariableScope) => R,
): R {
  const body = typeof second === 'function' ? second : third;
  if (typeof body !== 'function')
    throw new ArgumentError(`variableScope: expected a function as the body, received ${describe(body)}.`);
  const given: VariableScopeOptions =
    typeof second === 'string' ? { defaultName: second } : typeof second === 'function' ? {} : second;
  const options = mergeOptions<Complete>('variableScope', defaultOptions, given);
  const { defaultName, reuse } = options;
  checkReuse(reuse);
  if (options.dtype !== null && !isDType(options.dtype))
    throw new ArgumentError(`variableScope: dtype: expected the name of a dtype, received ${describe(options.dtype)}.`);
  const graph = currentGraph();
  const state = stateOf(graph);
  const outer = state.current;
  const open = (name: string, nameScope: string, from: VariableScope) =>
    new VariableScope(
      name,
      nameScope,
      strongest(reuse, from.reuse),
      options.customGetter === undefined ? from.getters : [...from.getters, options.customGetter],
      {
        initializer: options.initializer ?? from.defaults.initializer,
        regularizer: options.regularizer ?? from.defaults.regularizer,
        dtype: options.dtype ?? from.defaults.dtype,
      },
    );
  if (scope instanceof VariableScope) {
    const inner = open(scope.name, scope.originalNameScope, scope);
    // The root has no name that could be given to a name scope.
    if (scope.name === '') return enter(state, inner, true, body);
    return graph.withNameScope(lastComponent(scope.name), () => enter(state, inner, true, body));
  }
  if (scope === null && defaultName === undefined)
    throw new ArgumentError('variableScope: a name is required where there is no default name.');
  if (scope === null && isReusing(reuse))
    throw new ScopeError('variableScope: reuse needs a name.', { hint: 'pass the scope whose variables are meant.' });
  const name = checkScopeName(scope ?? (defaultName as string));
  return graph.withNameScope(name, (nameScope) => {
    const unique = scope === null ? uniqueScopeName(state, name) : name;
    return enter(state, open(joined(outer.name, unique), nameScope, outer), false, body);
  });
}

function enter<R>(state: ScopeState, scope: VariableScope, jumped: boolean, body: (scope: VariableScope) => R): R {
  const outer = state.current;
  state.openings.set(scope.name, (state.openings.get(scope.name) ?? 0) + 1);
  const openings = jumped ? new Map(state.openings) : null;
  state.current = scope;
  try {
    return refusePromise(body(scope), 'variableScope');
  } finally {
    state.current = outer;
    if (openings !== null) state.openings = openings;
    else forgetBelow(state, scope.name);
  }
}

/** Default names below a scope start again when the scope is left: this is how layers without names find their variables again. */
function forgetBelow(state: ScopeState, name: string): void {
  for (const opened of state.openings.keys()) {
    if (opened.startsWith(`${name}/`)) state.openings.delete(opened);
  }
}

function uniqueScopeName(state: ScopeState, name: string): string {
  const full = joined(state.current.name, name);
  if (!state.openings.has(full)) return name;
  let index = 1;
  while (state.openings.has(`${full}_${index}`)) index++;
  return `${name}_${index}`;
}

/** Runs `body` with op names below `name`, made unique; variable names are not concerned. The body gets the full name with a slash. */
export function nameScope<R>(name: string, body: (fullName: string) => R): R {
  return currentGraph().withNameScope(checkScopeName(name), body);
}

/** True for the modes that hand out variables that exist. */
export function isReusing(reuse: Reuse): boolean {
  return reuse === true || reuse === AUTO_REUSE;
}

function strongest(asked: Reuse, inherited: Reuse): Reuse {
  return isReusing(asked) ? asked : inherited;
}

function checkReuse(reuse: Reuse): void {
  if (reuse !== null && typeof reuse !== 'boolean' && reuse !== AUTO_REUSE) {
    throw new ArgumentError(`reuse: expected true, false, null or AUTO_REUSE, received ${describe(reuse)}.`);
  }
}

/** Checks a name for scopes and variables. @throws ArgumentError */
export function checkScopeName(name: unknown): string {
  if (typeof name !== 'string' || !/^[A-Za-z0-9_.][A-Za-z0-9_.\\/>-]*$/.test(name) || name.endsWith('/')) {
    throw new ArgumentError(`Expected a name of letters, digits and _ . / \\ > -, received ${describe(name)}.`);
  }
  return name;
}

/** A name below a prefix, which may be empty. */
export function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

function lastComponent(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
