import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The square root, elementwise; NaN below 0. */
export const sqrt = defineOp({
  name: 'sqrt',
  ...floatUnary,
  grad: (v, { y, dy }) => ({ x: v.div(v.mul(dy, 0.5), y) }),
});
