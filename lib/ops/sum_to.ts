import { defineOp } from '../core/op.js';
import { requireBroadcast } from './elementwise.js';
import { ordinary } from './traits.js';

/** The way back from broadcast_to: in the shape of `like`, the sums over the axes along which that would have been stretched to x. */
export const sumTo = defineOp({
  name: 'sum_to',
  inputs: ['x', 'like'],
  outputs: ['y'],
  attrs: {},
  shapeOnly: ['like'],
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never' },
  infer: ({ x, like }) => {
    requireBroadcast(like.shape, x.shape);
    return { y: { dtype: x.dtype, shape: like.shape } };
  },
  grad: (v, { x, dy }) => ({ x: v.broadcastTo(dy, x) }),
});
