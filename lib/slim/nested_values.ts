import { describe, refuseDetached } from '../core/dtype.js';
import type { ConcreteShape } from '../core/shape.js';
import { ArgumentError } from '../errors.js';

/** A number, or lists of lists of numbers; all lists of one depth are equally long. A typed array is a list of numbers. */
export type NestedValues = number | bigint | boolean | ArrayBufferView | readonly NestedValues[];

/** Row-major values, with the shape that their lists have: [] of a number, [2, 3] of two lists of three. */
export interface FlatValues {
  readonly list: readonly (number | bigint)[];
  readonly shape: ConcreteShape;
}

/**
 * The values of nested lists in one list.
 * @param booleans whether true and false count, as 1 and 0
 * @throws ArgumentError for lists of different lengths or depths, and for what is no number
 */
export function flatValues(where: string, values: unknown, booleans = false): FlatValues {
  const list: (number | bigint)[] = [];
  const shape: number[] = [];
  for (let level: unknown = values; isList(level); level = level[0]) shape.push(level.length);
  const path: number[] = [];
  const fail = (expected: string, received: string): never => {
    const at = path.length === 0 ? '' : ` at [${path.join('][')}]`;
    throw new ArgumentError(`${where}: expected ${expected}, received ${received}${at}.`);
  };
  const collect = (value: unknown): void => {
    const length = shape[path.length];
    if (!isList(value)) {
      if (length !== undefined) fail(`a list of ${length}, as the first one is`, describe(value));
      if (typeof value === 'number' || typeof value === 'bigint') list.push(value);
      else if (typeof value === 'boolean' && booleans) list.push(value ? 1 : 0);
      else fail('numbers', describe(value));
      return;
    }
    if (ArrayBuffer.isView(value)) refuseDetached(where, value);
    if (length === undefined) fail('a number', `a list of ${value.length}`);
    if (value.length !== length) fail(`a list of ${length}, as the first one is`, `a list of ${value.length}`);
    const depth = path.length;
    for (let i = 0; i < value.length; i++) {
      path[depth] = i;
      collect(value[i]);
    }
    path.length = depth;
  };
  collect(values);
  return { list, shape };
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
