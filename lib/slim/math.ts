import { apply, type Tensor } from '../core/graph.js';
import * as ops from '../ops/index.js';

/** x + y, elementwise; shapes are aligned from the right. */
export function add(x: Tensor, y: Tensor, name = 'add'): Tensor {
  return apply(ops.add, { x, y }, {}, name).z;
}

/** x - y, elementwise; shapes are aligned from the right. */
export function subtract(x: Tensor, y: Tensor, name = 'sub'): Tensor {
  return apply(ops.sub, { x, y }, {}, name).z;
}

/** x * y, elementwise; shapes are aligned from the right. */
export function multiply(x: Tensor, y: Tensor, name = 'mul'): Tensor {
  return apply(ops.mul, { x, y }, {}, name).z;
}

/** Zeros around x: `[before, after]` for each axis. */
export function pad(x: Tensor, pads: readonly (readonly [number, number])[], name = 'Pad'): Tensor {
  return apply(ops.pad, { x }, { pads: pads.flat() }, name).y;
}

/** Mean over `axes`, all of them when left out. */
export function reduceMean(
  x: Tensor,
  axes: readonly number[] = [],
  options: { readonly keepDims?: boolean; readonly name?: string } = {},
): Tensor {
  return apply(ops.reduceMean, { x }, { axes, keep_dims: options.keepDims ?? false }, options.name ?? 'Mean').y;
}

/** Sum over `axes`, all of them when left out. */
export function reduceSum(
  x: Tensor,
  axes: readonly number[] = [],
  options: { readonly keepDims?: boolean; readonly name?: string } = {},
): Tensor {
  return apply(ops.reduceSum, { x }, { axes, keep_dims: options.keepDims ?? false }, options.name ?? 'Sum').y;
}

/** x without `axes`, each of which must have size 1. */
export function squeeze(x: Tensor, axes: readonly number[], name = 'Squeeze'): Tensor {
  return apply(ops.squeeze, { x }, { axes }, name).y;
}

/** The axes in another order: axis i of the result is axis `perm[i]` of x. */
export function transpose(x: Tensor, perm: readonly number[], name = 'transpose'): Tensor {
  return apply(ops.transpose, { x }, { perm }, name).y;
}

/** x where the condition (bool) holds, else y, elementwise; shapes are aligned from the right. */
export function where(condition: Tensor, x: Tensor, y: Tensor, name = 'Select'): Tensor {
  return apply(ops.select, { condition, x, y }, {}, name).z;
}

/** The same elements in another shape; one dimension may be -1 (what is left), 0 keeps the dimension at that place. */
export function reshape(x: Tensor, shape: readonly number[], name = 'Reshape'): Tensor {
  return apply(ops.reshape, { x }, { shape }, name).y;
}

/** The same values as a tensor of its own, with a name and aliases of its own. */
export function identity(x: Tensor, name = 'Identity'): Tensor {
  return reshape(
    x,
    x.shape.map(() => 0),
    name,
  );
}

/** Index (int32) of the largest value along `axis`. */
export function argMax(x: Tensor, axis: number, name = 'ArgMax'): Tensor {
  return apply(ops.argmax, { x }, { axis }, name).y;
}

/** The `k` largest values along the last axis, descending, and their indices (int32). */
export function topK(x: Tensor, k: number, name = 'TopK'): { readonly values: Tensor; readonly indices: Tensor } {
  return apply(ops.topK, { x }, { k }, name);
}
