import { defineOp } from '../core/op.js';
import { inferPool, poolAttrs, poolTraits, resolvePool } from './pooling.js';

/**
 * Mean of each window; pads are left out of the divisor, as TensorFlow does. x [N,H,W,C], `ksize` and `strides` [height, width],
 * `pads` [top, bottom, left, right].
 */
export const avgPool2d = defineOp({
  name: 'avg_pool2d',
  inputs: ['x'],
  outputs: ['y'],
  attrs: poolAttrs,
  traits: poolTraits,
  infer: ({ x }, a) => ({ y: inferPool(x, a) }),
  resolve: ({ x }, a) => resolvePool(x, a),
  grad: (v, { x, dy }, a) => ({ x: v.avgPool2dBackward(x, dy, a) }),
});
