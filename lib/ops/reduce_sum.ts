import { bool, defineOp, ints } from '../core/op.js';
import { reducedShape, reductionTraits, unreduced } from './reduction.js';

/** Sum over `axes` (all axes when empty); reduced axes stay as 1 when `keep_dims` is true. */
export const reduceSum = defineOp({
  name: 'reduce_sum',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { axes: ints(), keep_dims: bool },
  traits: reductionTraits,
  infer: ({ x }, a) => ({ y: { dtype: x.dtype, shape: reducedShape(x.shape, a.axes, a.keep_dims) } }),
  grad: (v, { x, dy }, a) => ({ x: unreduced(v, dy, x, a) }),
});
