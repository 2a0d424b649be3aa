import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

/** x - y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const sub = defineOp({
  ...binary('sub'),
  grad: (v, { x, y, dz }) => ({ x: v.sumTo(dz, x), y: v.sumTo(v.neg(dz), y) }),
});
