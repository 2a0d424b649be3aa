import { defineOp } from '../core/op.js';
import { requireBroadcast } from './elementwise.js';
import { ordinary } from './traits.js';

/** x in the shape of `like`: shapes are aligned from the right, and dimensions of 1 stretch. Every dtype. */
export const broadcastTo = defineOp({
  name: 'broadcast_to',
  inputs: ['x', 'like'],
  outputs: ['y'],
  attrs: {},
  shapeOnly: ['like'],
  traits: { ...ordinary, dtypes: 'any', batchwise: 'never' },
  infer: ({ x, like }) => {
    requireBroadcast(x.shape, like.shape);
    return { y: { dtype: x.dtype, shape: like.shape } };
  },
  grad: (v, { x, dy }) => ({ x: v.sumTo(dy, x) }),
});
