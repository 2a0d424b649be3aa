import { defineOp } from '../core/op.js';
import { broadcastShapes } from '../core/shape.js';
import { requireSameDType } from './checks.js';

/** x * y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const mul = defineOp({
  name: 'mul',
  inputs: ['x', 'y'],
  outputs: ['z'],
  attrs: {},
  infer: ({ x, y }) => {
    requireSameDType(x, y);
    return { z: { dtype: x.dtype, shape: broadcastShapes(x.shape, y.shape, 'mul') } };
  },
});
