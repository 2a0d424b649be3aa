/** Options of calls: which there are, their defaults, and what is wrong with those that are given. */
import { ArgumentError, type ErrorDetails } from '../errors.js';
import { describe } from './dtype.js';

/**
 * The defaults of options, a line for each: `undefined` where leaving one out means what no value says. (Over the keys of `Required`, since
 * `-?` would take `undefined` away again where a user compiles without exactOptionalPropertyTypes.)
 */
export type Defaults<T extends object> = { readonly [K in keyof Required<T>]: T[K] | undefined };

/** Options with their defaults: only those without one may be undefined. */
export type WithDefaults<T extends object, D extends Defaults<T>> = {
  readonly [K in keyof Required<T>]: undefined extends D[K] ? Optional<T, K> : Exclude<T[K], undefined>;
};

type Optional<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K];

/**
 * The options that are given, and the defaults of all others. An option that is undefined counts as left out.
 * @param defaults names every option that there is: `{ ... } satisfies Defaults<T>`
 * @throws ArgumentError that names an option which does not exist
 */
export function withDefaults<T extends object, D extends Defaults<T>>(
  where: string,
  options: T,
  defaults: D,
): WithDefaults<T, D> {
  checkOptions(where, options, Object.keys(defaults));
  const complete: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(options)) if (value !== undefined) complete[name] = value;
  return complete as WithDefaults<T, D>;
}

/** An object without the properties that are undefined: for options that are handed on. */
export function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

export type Defined<T extends object> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/**
 * Checks that `options` is an object without other names than `known`.
 * @throws ArgumentError that names the option which is not known
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options) || ArrayBuffer.isView(options))
    throw new ArgumentError(`${where}: expected an object of options, received ${describe(options)}.`);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownOption(where, known, unknown);
}

/** The error for an option that does not exist; it names the one that was probably meant. */
export function unknownOption(
  where: string,
  known: readonly string[],
  name: string,
  details: ErrorDetails = {},
): ArgumentError {
  const meant =
    known.find((each) => normalized(each) === normalized(name)) ??
    known.find((each) => withinOneEdit(normalized(each), normalized(name))) ??
    known.find((each) => beginsAlike(normalized(each), normalized(name)));
  return new ArgumentError(`${where} has no option ${name}; it has ${known.join(', ') || 'none'}.`, {
    ...details,
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  });
}

/** Names without what is easily mistaken in them. */
export function normalized(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** True when one insertion, deletion or replacement at most turns `a` into `b`. */
export function withinOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let i = 0;
  while (i < short.length && short[i] === long[i]) i++;
  return short.slice(short.length === long.length ? i + 1 : i) === long.slice(i + 1);
}

/** True where one of two names begins with the other, as in `ignoreMissing` and `ignoreMissingVars`. */
function beginsAlike(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  return short.length >= 4 && long.startsWith(short);
}

/** Checks an integer. @throws ArgumentError */
export function checkInteger(
  where: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new ArgumentError(
    `${where}: ${name}: expected an integer from ${least} to ${most}, received ${describe(value)}.`,
  );
}

/** Checks a number that need not be whole. @throws ArgumentError */
export function checkNumber(
  where: string,
  name: string,
  value: unknown,
  least: number,
  most: number,
): asserts value is number {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new ArgumentError(
    `${where}: ${name}: expected a number from ${least} to ${most}, received ${describe(value)}.`,
  );
}

/** @throws ArgumentError unless `value` is true or false */
export function checkBoolean(where: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${where}: ${name}: expected true or false, received ${describe(value)}.`);
}

/** `a, b or c`: what may be given. */
export function anyOf(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), words.at(-1)].join(' or ');
}

/** @throws ArgumentError unless `value` is one of a few words */
export function checkOneOf<T extends string>(
  where: string,
  name: string,
  value: unknown,
  words: readonly T[],
): asserts value is T {
  if ((words as readonly unknown[]).includes(value)) return;
  throw new ArgumentError(`${where}: ${name}: expected ${anyOf(words)}, received ${describe(value)}.`);
}

/** Checks a signal that may be left out. @throws ArgumentError */
export function checkSignal(where: string, signal: unknown): void {
  const wrong = signal === null || typeof signal !== 'object' || typeof (signal as AbortSignal).aborted !== 'boolean';
  if (signal !== undefined && wrong) {
    throw new ArgumentError(`${where}: signal: expected an AbortSignal, received ${describe(signal)}.`);
  }
}
