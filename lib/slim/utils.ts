import { describe } from '../core/dtype.js';
import { Tensor } from '../core/graph.js';
import { type Shape, shapeText } from '../core/shape.js';
import { ArgumentError, ShapeError } from '../errors.js';

/** A size for height and width: one number for both, or `[height, width]`. */
export type Size = number | readonly [number, number];

/**
 * The size of the last dimension.
 * @throws ShapeError when the rank is below `minRank` or the dimension unknown
 */
export function lastDimension(shape: Shape, minRank = 1): number {
  if (shape.length < minRank)
    throw new ShapeError(`The rank of shape must be at least ${minRank}, received ${shapeText(shape)}.`);
  const last = shape[shape.length - 1];
  if (last === undefined || last === null)
    throw new ShapeError(`The last dimension of ${shapeText(shape)} must be defined.`);
  return last;
}

/** `[height, width]` of a size. @throws ArgumentError unless it is one positive integer or two */
export function twoElementTuple(value: unknown, where = 'twoElementTuple'): readonly [number, number] {
  const [height, width] = nPositiveIntegers(2, value, where);
  return [height as number, width as number];
}

/** `n` positive integers: given as such, or one that stands for all. @throws ArgumentError */
export function nPositiveIntegers(n: number, value: unknown, where = 'nPositiveIntegers'): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : Array.from({ length: n }, () => value);
  if (list.length !== n || !list.every((v) => Number.isSafeInteger(v) && (v as number) > 0)) {
    const received = Array.isArray(value) ? `[${value.map(String)}]` : describe(value);
    throw new ArgumentError(`${where}: expected a positive integer or ${n} of them, received ${received}.`);
  }
  return list as readonly number[];
}

/** @throws ArgumentError unless the value is a tensor */
export function requireTensor(value: unknown, where: string): void {
  if (!(value instanceof Tensor)) {
    throw new ArgumentError(`${where}: expected a tensor, received ${describe(value)}.`, {
      hint: 'values go in through a placeholder or slim.constant.',
    });
  }
}

/** @throws ArgumentError unless the value is a positive integer */
export function positiveInteger(value: unknown, where: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new ArgumentError(`${where}: expected a positive integer, received ${describe(value)}.`);
  return value as number;
}

/** SAME or VALID, in any case. @throws ArgumentError */
export function paddingOf(value: unknown, where: string): 'SAME' | 'VALID' {
  const padding = typeof value === 'string' ? value.toUpperCase() : value;
  if (padding !== 'SAME' && padding !== 'VALID')
    throw new ArgumentError(`${where}: padding: expected SAME or VALID, received ${describe(value)}.`);
  return padding;
}
