import { bool, defineOp, ints } from '../core/op.js';
import { reducedShape, reductionTraits, unreduced } from './reduction.js';

/** Mean over `axes` (all axes when empty); reduced axes stay as 1 when `keep_dims` is true. */
export const reduceMean = defineOp({
  name: 'reduce_mean',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { axes: ints(), keep_dims: bool },
  traits: { ...reductionTraits, lowPrecision: 'own_scale' },
  infer: ({ x }, a) => ({ y: { dtype: x.dtype, shape: reducedShape(x.shape, a.axes, a.keep_dims) } }),
  grad: (v, { x, y, dy }, a) => ({ x: unreduced(v, v.div(dy, v.ratio(x, y)), x, a) }),
});
