import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

/** x * y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const mul = defineOp({
  ...binary('mul'),
  grad: (v, { x, y, dz }) => ({ x: v.sumTo(v.mul(dz, y), x), y: v.sumTo(v.mul(dz, x), y) }),
});
