import { ArgumentError } from '../errors.js';
import { describe } from './dtype.js';

/**
 * Checks that `options` is an object without other names than `known`.
 * @throws ArgumentError that names the option which is not known
 */
export function checkOptions(where: string, options: unknown, known: readonly string[]): void {
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new ArgumentError(`${where}: expected an object of options, received ${describe(options)}.`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = known.find((name) => name.toLowerCase() === unknown.toLowerCase());
  throw new ArgumentError(`${where} has no option ${unknown}; it has ${known.join(', ')}.`, {
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  });
}

/** Checks an integer option. @throws ArgumentError */
export function checkInteger(where: string, name: string, value: unknown, least: number, most: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new ArgumentError(
    `${where}: ${name}: expected an integer from ${least} to ${most}, received ${describe(value)}.`,
  );
}

/** Checks a signal that may be left out. @throws ArgumentError */
export function checkSignal(where: string, signal: unknown): void {
  const wrong = signal === null || typeof signal !== 'object' || typeof (signal as AbortSignal).aborted !== 'boolean';
  if (signal !== undefined && wrong) {
    throw new ArgumentError(`${where}: signal: expected an AbortSignal, received ${describe(signal)}.`);
  }
}
