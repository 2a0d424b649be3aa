import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** 1 / (1 + exp(-x)), elementwise. */
export const sigmoid = defineOp({
  name: 'sigmoid',
  ...floatUnary,
  grad: (v, { y, dy }) => ({ x: v.mul(dy, v.mul(y, v.sub(1, y))) }),
});
