import { defineOp } from '../core/op.js';
import { requireGradientOf } from './checks.js';
import { convolutionAttrs, inferConvolution, resolveConvolution } from './convolution.js';
import { ordinary } from './traits.js';

/** The gradient of conv2d for x, out of that for y: each element of dy goes back, through the filter, to what it was made of. */
export const conv2dBackwardData = defineOp({
  name: 'conv2d_backward_data',
  inputs: ['x', 'filter', 'dy'],
  outputs: ['dx'],
  attrs: convolutionAttrs,
  shapeOnly: ['x'],
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never', lowPrecision: 'bfloat16', float32: ['filter'] },
  infer: ({ x, filter, dy }, a) => {
    requireGradientOf(inferConvolution(x, filter, a), dy);
    return { dx: x };
  },
  resolve: ({ x, filter }, a) => resolveConvolution(x, filter, a),
  grad: (v, { filter, dy, ddx }, a) => ({
    filter: v.conv2dBackwardFilter(ddx, filter, dy, a),
    dy: v.conv2d(ddx, filter, a),
  }),
});
