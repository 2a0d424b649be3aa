import { defineOp } from '../core/op.js';

/** The number of elements of x (int64), a scalar. */
export const size = defineOp({
  name: 'size',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: () => ({ y: { dtype: 'int64', shape: [] } }),
});
