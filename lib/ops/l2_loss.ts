import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** sum(x^2) / 2, a scalar. */
export const l2Loss = defineOp({
  name: 'l2_loss',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: { dtype: x.dtype, shape: [] } };
  },
});
