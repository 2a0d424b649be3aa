import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** min(max(x, 0), 6); NaN stays NaN, elementwise. */
export const relu6 = defineOp({
  name: 'relu6',
  ...floatUnary,
  traits: { ...floatUnary.traits, lowPrecision: 'own_scale' },
  grad: (v, { y, dy }) => ({ x: v.reluBackward(y, dy, 6) }),
});
