import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

/** x / y, and 0 where y is 0, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const divNoNan = defineOp({
  ...binary('div_no_nan'),
  grad: (v, { x, y, z, dz }) => ({
    x: v.sumTo(v.divNoNan(dz, y), x),
    y: v.sumTo(v.neg(v.divNoNan(v.mul(dz, z), y)), y),
  }),
});
