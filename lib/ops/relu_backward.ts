import { defineOp, float } from '../core/op.js';
import { requireGradientOf } from './checks.js';
import { ordinary } from './traits.js';

/** The gradient of a rectifier out of its result y: dy where y is above 0 and below the limit (6 for relu6, infinite for none), else 0. */
export const reluBackward = defineOp({
  name: 'relu_backward',
  inputs: ['y', 'dy'],
  outputs: ['dx'],
  attrs: { limit: float },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'all', elementwise: true, lowPrecision: 'bfloat16' },
  infer: ({ y, dy }) => {
    requireGradientOf(y, dy);
    return { dx: dy };
  },
  grad: (v, { y, ddx }, { limit }) => ({ dy: v.reluBackward(y, ddx, limit) }),
});
