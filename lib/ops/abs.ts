import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The absolute value, elementwise. */
export const abs = defineOp({
  name: 'abs',
  ...floatUnary,
  grad: (v, { x, dy }) => ({
    x: v.sub(v.reluBackward(x, dy, Number.POSITIVE_INFINITY), v.reluBackward(v.neg(x), dy, Number.POSITIVE_INFINITY)),
  }),
});
