import type { DType } from '../core/dtype.js';
import { apply, type Tensor } from '../core/graph.js';
import { withDefaults } from '../core/options.js';
import { accepts, typeText } from '../core/shape.js';
import { ArgumentError, ShapeError } from '../errors.js';
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
  const { keepDims, name } = withDefaults('reduceMean', options, { keepDims: false, name: 'Mean' });
  return apply(ops.reduceMean, { x }, { axes, keep_dims: keepDims }, name).y;
}

/** Sum over `axes`, all of them when left out. */
export function reduceSum(
  x: Tensor,
  axes: readonly number[] = [],
  options: { readonly keepDims?: boolean; readonly name?: string } = {},
): Tensor {
  const { keepDims, name } = withDefaults('reduceSum', options, { keepDims: false, name: 'Sum' });
  return apply(ops.reduceSum, { x }, { axes, keep_dims: keepDims }, name).y;
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

/**
 * The largest value of each square window of an image tensor [N, H, W, C], whose borders are padded by `pads` [before, after] in
 * both dimensions; padding never wins.
 */
export function maxPool(
  x: Tensor,
  window: { readonly size: number; readonly stride: number; readonly pads: readonly [number, number] },
  name = 'MaxPool',
): Tensor {
  const { size, stride, pads } = window;
  const attrs = {
    ksize: [size, size],
    strides: [stride, stride],
    padding: 'EXPLICIT',
    pads: [...pads, ...pads],
  } as const;
  return apply(ops.maxPool2d, { x }, attrs, name).y;
}

/** x / y, elementwise; shapes are aligned from the right. */
export function divide(x: Tensor, y: Tensor, name = 'truediv'): Tensor {
  return apply(ops.div, { x, y }, {}, name).z;
}

/** x / y, and 0 where y is 0, elementwise; shapes are aligned from the right. */
export function divideNoNan(x: Tensor, y: Tensor, name = 'div_no_nan'): Tensor {
  return apply(ops.divNoNan, { x, y }, {}, name).z;
}

/**
 * The sum of tensors of one type; a name that ends in `/` is the full name of the open scope.
 * @throws ArgumentError when there are none; ShapeError when their types differ
 */
export function addN(tensors: readonly Tensor[], name = 'AddN'): Tensor {
  const [first, ...others] = tensors;
  if (first === undefined) throw new ArgumentError('addN: there is nothing to sum.');
  const other = others.find((x) => x.dtype !== first.dtype || !accepts(first.shape, x.shape));
  if (other !== undefined)
    throw new ShapeError(`addN: expected ${typeText(first)} throughout, received ${typeText(other)} (${other.name}).`);
  const last = others.pop();
  if (last === undefined) return identity(first, name);
  return first.graph.withNameScope(name, (fullName) =>
    add(
      others.reduce((sum, x) => add(sum, x), first),
      last,
      fullName,
    ),
  );
}

/** |x|, elementwise. */
export function abs(x: Tensor, name = 'Abs'): Tensor {
  return apply(ops.abs, { x }, {}, name).y;
}

/** e^x, elementwise. */
export function exp(x: Tensor, name = 'Exp'): Tensor {
  return apply(ops.exp, { x }, {}, name).y;
}

/** The natural logarithm, elementwise. */
export function log(x: Tensor, name = 'Log'): Tensor {
  return apply(ops.log, { x }, {}, name).y;
}

/** log(1 + x), elementwise; exact for small x too. */
export function log1p(x: Tensor, name = 'Log1p'): Tensor {
  return apply(ops.log1p, { x }, {}, name).y;
}

/** x^2, elementwise. */
export function square(x: Tensor, name = 'Square'): Tensor {
  return multiply(x, x, name);
}

/** Whether x equals y (bool), elementwise and in any dtype. */
export function equal(x: Tensor, y: Tensor, name = 'Equal'): Tensor {
  return apply(ops.equal, { x, y }, {}, name).z;
}

/** Whether x differs from y (bool), elementwise and in any dtype. */
export function notEqual(x: Tensor, y: Tensor, name = 'NotEqual'): Tensor {
  return apply(ops.notEqual, { x, y }, {}, name).z;
}

/** The values in another dtype; x itself where it has that dtype. */
export function cast(x: Tensor, dtype: DType, name = 'Cast'): Tensor {
  return x.dtype === dtype ? x : apply(ops.cast, { x }, { dtype }, name).y;
}

/** The number of elements (float32). */
export function size(x: Tensor, name = 'Size'): Tensor {
  return cast(apply(ops.size, { x }, {}, name).y, 'float32');
}

/** The logarithm of softmax over the last axis, also where softmax itself has become 0. */
export function logSoftmax(x: Tensor, name = 'LogSoftmax'): Tensor {
  return apply(ops.logSoftmax, { x }, {}, name).y;
}

/** The square root, elementwise. */
export function sqrt(x: Tensor, name = 'Sqrt'): Tensor {
  return apply(ops.sqrt, { x }, {}, name).y;
}

/** The largest integer that is not above x, elementwise. */
export function floor(x: Tensor, name = 'Floor'): Tensor {
  return apply(ops.floor, { x }, {}, name).y;
}

/** The cosine of x in radians, elementwise. */
export function cos(x: Tensor, name = 'Cos'): Tensor {
  return apply(ops.cos, { x }, {}, name).y;
}

/** x to the power of y, elementwise. */
export function pow(x: Tensor, y: Tensor, name = 'Pow'): Tensor {
  return apply(ops.pow, { x, y }, {}, name).z;
}

/** The smaller of x and y, elementwise; shapes are aligned from the right. */
export function minimum(x: Tensor, y: Tensor, name = 'Minimum'): Tensor {
  return apply(ops.minimum, { x, y }, {}, name).z;
}

/** The larger of x and y, elementwise; shapes are aligned from the right. */
export function maximum(x: Tensor, y: Tensor, name = 'Maximum'): Tensor {
  return apply(ops.maximum, { x, y }, {}, name).z;
}

/** Whether x is less than y (bool), elementwise. */
export function less(x: Tensor, y: Tensor, name = 'Less'): Tensor {
  return apply(ops.less, { x, y }, {}, name).z;
}
