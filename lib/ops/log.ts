import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The natural logarithm, elementwise; NaN below 0. */
export const log = defineOp({
  name: 'log',
  ...floatUnary,
  grad: (v, { x, dy }) => ({ x: v.div(dy, x) }),
});
