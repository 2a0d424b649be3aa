import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** max(x, 0); NaN stays NaN, elementwise. */
export const relu = defineOp({
  name: 'relu',
  ...floatUnary,
  traits: { ...floatUnary.traits, lowPrecision: 'own_scale' },
  grad: (v, { y, dy }) => ({ x: v.reluBackward(y, dy, Number.POSITIVE_INFINITY) }),
});
