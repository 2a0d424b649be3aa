import { defineOp } from '../core/op.js';
import { ordinary } from './traits.js';

/** sum(x^2) / 2, a scalar. */
export const l2Loss = defineOp({
  name: 'l2_loss',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never' },
  infer: ({ x }) => ({ y: { dtype: x.dtype, shape: [] } }),
  grad: (v, { x, dy }) => ({ x: v.mul(x, dy) }),
});
