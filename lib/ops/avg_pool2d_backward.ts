import { defineOp } from '../core/op.js';
import { requireGradientOf } from './checks.js';
import { inferPool, poolAttrs, resolvePool } from './pooling.js';
import { ordinary } from './traits.js';

/** The gradient of avg_pool2d for x: each element of dy in equal parts to the pixels of its window that lie inside the image. */
export const avgPool2dBackward = defineOp({
  name: 'avg_pool2d_backward',
  inputs: ['x', 'dy'],
  outputs: ['dx'],
  attrs: poolAttrs,
  shapeOnly: ['x'],
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never' },
  infer: ({ x, dy }, a) => {
    requireGradientOf(inferPool(x, a), dy);
    return { dx: x };
  },
  resolve: ({ x }, a) => resolvePool(x, a),
  grad: (v, { ddx }, a) => ({ dy: v.avgPool2d(ddx, a) }),
});
