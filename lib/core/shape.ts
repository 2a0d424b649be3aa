import { ShapeError } from '../errors.js';
import type { DType } from './dtype.js';

/** Dimensions, outermost first; `null` is a dimension that is only known when the graph runs. */
export type Shape = readonly (number | null)[];

/** A shape without unknown dimensions. */
export type ConcreteShape = readonly number[];

/** What is known of a tensor before it runs. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A tensor type whose shape is fully known. */
export interface ConcreteType {
  readonly dtype: DType;
  readonly shape: ConcreteShape;
}

/** Largest rank, dimension and element count that a tensor may have. The plan reader checks the same limits. */
export const limits = { rank: 8, dimension: 2 ** 31 - 1, elements: 2 ** 40 } as const;

/** `[1,224,null,3]` as text. */
export function shapeText(shape: Shape): string {
  return `[${shape.map((d) => d ?? '?').join(',')}]`;
}

/** `float32[1,224,224,3]` as text. */
export function typeText(type: TensorType): string {
  return `${type.dtype}${shapeText(type.shape)}`;
}

/** True when no dimension is unknown. */
export function isConcrete(shape: Shape): shape is ConcreteShape {
  return shape.every((d) => d !== null);
}

/** Number of elements, or null when a dimension is unknown. */
export function elementCount(shape: ConcreteShape): number;
export function elementCount(shape: Shape): number | null;
export function elementCount(shape: Shape): number | null {
  let count = 1;
  for (const d of shape) {
    if (d === null) return null;
    count *= d;
  }
  return count;
}

/** True when both have the same rank and the same dimensions, unknown ones included. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** True when a tensor of shape `actual` may stand where `declared` is asked for (null accepts any size). */
export function accepts(declared: Shape, actual: Shape): boolean {
  return (
    declared.length === actual.length && declared.every((d, i) => d === null || actual[i] === null || d === actual[i])
  );
}

/** Checks rank, dimensions and total size. @throws ShapeError */
export function checkShape(shape: Shape, where: string): void {
  if (shape.length > limits.rank) {
    throw new ShapeError(`${where}: rank ${shape.length} of ${shapeText(shape)} is over the limit of ${limits.rank}.`);
  }
  let count = 1;
  for (const d of shape) {
    if (d === null) continue;
    if (!Number.isInteger(d) || d < 0 || d > limits.dimension) {
      throw new ShapeError(
        `${where}: expected dimensions between 0 and ${limits.dimension}, received ${shapeText(shape)}.`,
      );
    }
    count *= d;
  }
  if (count > limits.elements) {
    throw new ShapeError(`${where}: ${shapeText(shape)} has more than ${limits.elements} elements.`);
  }
}

/** The dimension of `shape` at `axis`, which may be negative. @throws ShapeError when the axis is out of range. */
export function normalizeAxis(axis: number, rank: number, where: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${where}: axis ${axis} is out of range for rank ${rank}.`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Shape of an elementwise result: dimensions are aligned from the right, and a 1 stretches. @throws ShapeError */
export function broadcastShapes(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  const out: (number | null)[] = [];
  for (let i = 0; i < rank; i++) {
    const x = i < rank - a.length ? 1 : (a[i - rank + a.length] as number | null);
    const y = i < rank - b.length ? 1 : (b[i - rank + b.length] as number | null);
    if (x === y) out.push(x);
    else if (x === 1) out.push(y);
    else if (y === 1) out.push(x);
    else if (x === null) out.push(y);
    else if (y === null) out.push(x);
    else {
      throw new ShapeError(`${where}: shapes ${shapeText(a)} and ${shapeText(b)} cannot be combined.`);
    }
  }
  return out;
}
