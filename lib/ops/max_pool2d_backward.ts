import { defineOp } from '../core/op.js';
import { requireGradientOf } from './checks.js';
import { inferPool, poolAttrs, resolvePool } from './pooling.js';
import { ordinary } from './traits.js';

/**
 * The gradient of max_pool2d for x: each element of dy goes to the largest value of its window, to the first in row-major order
 * where it occurs more than once. The first NaN counts as the largest.
 */
export const maxPool2dBackward = defineOp({
  name: 'max_pool2d_backward',
  inputs: ['x', 'dy'],
  outputs: ['dx'],
  attrs: poolAttrs,
  traits: { ...ordinary, dtypes: 'float', batchwise: 'all', lowPrecision: 'bfloat16' },
  infer: ({ x, dy }, a) => {
    requireGradientOf(inferPool(x, a), dy);
    return { dx: x };
  },
  resolve: ({ x }, a) => resolvePool(x, a),
  grad: 'second derivatives of a maximum are not there',
});
