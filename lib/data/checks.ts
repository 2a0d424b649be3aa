import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** @throws ArgumentError unless `value` is a whole number from `min` to `max` */
export function checkWhole(name: string, value: unknown, min: number, max: number): asserts value is number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
    throw new ArgumentError(`${name}: expected a whole number from ${min} to ${max}, received ${describe(value)}.`);
  }
}

/** @throws ArgumentError unless `value` is true or false */
export function checkBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${name}: expected true or false, received ${describe(value)}.`);
}

/** @throws ArgumentError unless `value` is one of a few words */
export function checkOneOf<T extends string>(name: string, value: unknown, words: readonly T[]): asserts value is T {
  if (!(words as readonly unknown[]).includes(value)) {
    const expected = words.map((word) => `'${word}'`).join(' or ');
    throw new ArgumentError(`${name}: expected ${expected}, received ${describe(value)}.`);
  }
}
