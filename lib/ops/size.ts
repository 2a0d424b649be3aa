import { defineOp, dtype } from '../core/op.js';

/** The number of elements of x, a scalar. */
export const size = defineOp({
  name: 'size',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { dtype },
  infer: (_, a) => ({ y: { dtype: a.dtype, shape: [] } }),
});
