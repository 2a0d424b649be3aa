import { bool, defineOp, ints } from '../core/op.js';
import { requireFloating } from './checks.js';
import { reducedShape } from './reduction.js';

/** Mean over `axes` (all axes when empty); reduced axes stay as 1 when `keep_dims` is true. */
export const reduceMean = defineOp({
  name: 'reduce_mean',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { axes: ints(), keep_dims: bool },
  infer: ({ x }, a) => {
    requireFloating('x', x);
    return { y: { dtype: x.dtype, shape: reducedShape(x.shape, a.axes, a.keep_dims) } };
  },
});
