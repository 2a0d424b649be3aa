import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** e^x, elementwise. */
export const exp = defineOp({
  name: 'exp',
  ...floatUnary,
  grad: (v, { y, dy }) => ({ x: v.mul(dy, y) }),
});
