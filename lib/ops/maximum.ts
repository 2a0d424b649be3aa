import { defineOp } from '../core/op.js';
import { floatBinary } from './elementwise.js';

/** The larger of x and y, elementwise; NaN where one is NaN. Shapes are aligned from the right and dimensions of 1 stretch. */
export const maximum = defineOp({
  ...floatBinary('maximum'),
  // Of two that are alike x has the gradient, as in TensorFlow.
  grad: (v, { x, y, dz }) => {
    const other = v.less(x, y);
    return { x: v.sumTo(v.select(other, 0, dz), x), y: v.sumTo(v.select(other, dz, 0), y) };
  },
});
