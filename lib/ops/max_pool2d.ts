import { defineOp } from '../core/op.js';
import { inferPool, poolAttrs, poolTraits, resolvePool } from './pooling.js';

/** Largest value of each window; pads never win. x [N,H,W,C], `ksize` and `strides` [height, width], `pads` [top, bottom, left, right]. */
export const maxPool2d = defineOp({
  name: 'max_pool2d',
  inputs: ['x'],
  outputs: ['y'],
  attrs: poolAttrs,
  traits: { ...poolTraits, lowPrecision: 'input_scale' },
  infer: ({ x }, a) => ({ y: inferPool(x, a) }),
  resolve: ({ x }, a) => resolvePool(x, a),
  grad: (v, { x, dy }, a) => ({ x: v.maxPool2dBackward(x, dy, a) }),
});
