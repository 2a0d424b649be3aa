import { defineOp, dtype } from '../core/op.js';
import { ordinary } from './traits.js';

/** The values as another dtype: floats to integers truncate and saturate, NaN becomes 0. */
export const cast = defineOp({
  name: 'cast',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { dtype },
  traits: { ...ordinary, dtypes: 'any', batchwise: 'first', elementwise: true },
  infer: ({ x }, a) => ({ y: { dtype: a.dtype, shape: x.shape } }),
  grad: (v, { x, dy }) => ({ x: v.cast(dy, x.dtype) }),
});
