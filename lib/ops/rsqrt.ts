import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** 1 / sqrt(x), elementwise. */
export const rsqrt = defineOp({
  name: 'rsqrt',
  ...floatUnary,
  grad: (v, { y, dy }) => ({ x: v.mul(v.mul(dy, -0.5), v.mul(y, v.mul(y, y))) }),
});
