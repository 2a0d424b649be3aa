import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** x itself, a constant to gradients. */
export const stopGradient = defineOp({
  ...floatUnary,
  name: 'stop_gradient',
  traits: { ...floatUnary.traits, dtypes: 'any' },
  grad: null,
});
