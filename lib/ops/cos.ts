import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The cosine of x in radians, elementwise. */
export const cos = defineOp({
  name: 'cos',
  ...floatUnary,
  // sin(x) = cos(x - pi / 2)
  grad: (v, { x, dy }) => ({ x: v.neg(v.mul(dy, v.cos(v.sub(x, Math.PI / 2)))) }),
});
