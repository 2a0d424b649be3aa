import { defineOp } from '../core/op.js';
import { floatBinary } from './elementwise.js';

/** The smaller of x and y, elementwise; NaN where one is NaN. Shapes are aligned from the right and dimensions of 1 stretch. */
export const minimum = defineOp({
  ...floatBinary('minimum'),
  // Of two that are alike x has the gradient, as in TensorFlow.
  grad: (v, { x, y, dz }) => {
    const other = v.less(y, x);
    return { x: v.sumTo(v.select(other, 0, dz), x), y: v.sumTo(v.select(other, dz, 0), y) };
  },
});
