import { defineOp } from '../core/op.js';
import { floatBinary } from './elementwise.js';

/** x to the power of y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const pow = defineOp({
  ...floatBinary('pow'),
  // Of 0 and of negative numbers there is no logarithm: y has no gradient there, as in TensorFlow.
  grad: (v, { x, y, z, dz }) => {
    const positive = v.less(0, x);
    const log = v.select(positive, v.log(v.select(positive, x, 1)), 0);
    return {
      x: v.sumTo(v.mul(dz, v.mul(y, v.pow(x, v.sub(y, 1)))), x),
      y: v.sumTo(v.mul(dz, v.mul(z, log)), y),
    };
  },
});
