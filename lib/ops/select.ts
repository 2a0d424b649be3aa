import { defineOp } from '../core/op.js';
import { broadcastShapes } from '../core/shape.js';
import { ordinary } from './traits.js';

/**
 * x where the condition (bool) holds, else y, elementwise and in any dtype; the three shapes are aligned from the right and
 * dimensions of 1 stretch.
 */
export const select = defineOp({
  name: 'select',
  inputs: ['condition', 'x', 'y'],
  outputs: ['z'],
  attrs: {},
  traits: {
    ...ordinary,
    dtypes: { condition: 'bool', x: 'any', y: 'any' },
    batchwise: 'broadcast',
    elementwise: true,
  },
  infer: ({ condition, x, y }) => {
    const shape = broadcastShapes(condition.shape, broadcastShapes(x.shape, y.shape, 'select'), 'select');
    return { z: { dtype: x.dtype, shape } };
  },
  grad: (v, { condition, x, y, dz }) => ({
    x: v.sumTo(v.select(condition, dz, 0), x),
    y: v.sumTo(v.select(condition, 0, dz), y),
  }),
});
