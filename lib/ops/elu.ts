import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** x where it is positive, else exp(x) - 1, elementwise. */
export const elu = defineOp({
  name: 'elu',
  ...floatUnary,
  grad: (v, { y, dy }) => ({ x: v.mul(dy, v.sub(1, v.relu(v.neg(y)))) }),
});
