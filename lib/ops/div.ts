import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

/** x / y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const div = defineOp({
  ...binary('div'),
  grad: (v, { x, y, z, dz }) => ({ x: v.sumTo(v.div(dz, y), x), y: v.sumTo(v.neg(v.div(v.mul(dz, z), y)), y) }),
});
