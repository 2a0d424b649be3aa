import { defineOp, ints, oneOf } from '../core/op.js';
import { inferPool, poolTraits, resolvePool } from './pooling.js';

/** Largest value of each window; pads never win. x [N,H,W,C], `ksize` and `strides` [height, width], `pads` [top, bottom, left, right]. */
export const maxPool2d = defineOp({
  name: 'max_pool2d',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { ksize: ints(2), strides: ints(2), padding: oneOf('SAME', 'VALID', 'EXPLICIT'), pads: ints(4) },
  traits: { ...poolTraits, lowPrecision: 'input_scale' },
  infer: ({ x }, a) => ({ y: inferPool(x, a) }),
  resolve: ({ x }, a) => resolvePool(x, a),
});
