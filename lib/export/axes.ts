/**
 * Orders of axes. A tensor's values may stand in a file with their axes in another order than in the graph: `order[i]` is the
 * graph's axis that is axis i of the file.
 */
import { allocate, type DType, type TypedArray } from '../core/dtype.js';

export type AxisOrder = readonly number[];

/** The order of the graph itself. */
export function naturalOrder(rank: number): AxisOrder {
  return Array.from({ length: rank }, (_, i) => i);
}

/** The channels of [N, ..., C] behind the first axis, where ONNX wants them; lower ranks as they are. */
export function channelsSecond(rank: number): AxisOrder {
  return rank < 3 ? naturalOrder(rank) : [0, rank - 1, ...naturalOrder(rank - 1).slice(1)];
}

export function sameOrder(a: AxisOrder, b: AxisOrder): boolean {
  return a.length === b.length && a.every((axis, i) => axis === b[i]);
}

/** The list, which is in the graph's order, in the order of the file. */
export function inOrder<T>(list: readonly T[], order: AxisOrder): T[] {
  return order.map((axis) => list[axis] as T);
}

/** The order that is left when the graph drops axes. */
export function withoutAxes(order: AxisOrder, dropped: ReadonlySet<number>): AxisOrder {
  const kept = order.filter((axis) => !dropped.has(axis));
  return kept.map((axis) => kept.filter((other) => other < axis).length);
}

/** Row-major values with their axes in another order; the values themselves where that changes nothing. */
export function reorderAxes(dtype: DType, data: TypedArray, shape: readonly number[], order: AxisOrder): TypedArray {
  const matters = order.filter((axis) => shape[axis] !== 1);
  if (matters.every((axis, i) => i === 0 || axis > (matters[i - 1] as number))) return data;
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, d) => product * d, 1));
  const sizes = inOrder(shape, order);
  const strides = inOrder(steps, order);
  // Only moved, never computed with: bigints pass through as well.
  const [source, out] = [data as Float32Array, allocate(dtype, data.length) as Float32Array];
  const [innerSize, innerStride] = [sizes.at(-1) as number, strides.at(-1) as number];
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; ) {
    for (let i = 0; i < innerSize; i++) out[to++] = source[from + i * innerStride] as number;
    // The next position of the outer axes, as an odometer counts.
    for (let axis = sizes.length - 2; axis >= 0; axis--) {
      from += strides[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      if ((index[axis] as number) < (sizes[axis] as number)) break;
      from -= (sizes[axis] as number) * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
