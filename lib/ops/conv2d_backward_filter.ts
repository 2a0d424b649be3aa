import { defineOp } from '../core/op.js';
import { requireGradientOf } from './checks.js';
import { convolutionAttrs, inferConvolution, resolveConvolution } from './convolution.js';
import { ordinary } from './traits.js';

/** The gradient of conv2d for its filter, out of that for y: products of dy with what the filter met, summed over all pixels. */
export const conv2dBackwardFilter = defineOp({
  name: 'conv2d_backward_filter',
  inputs: ['x', 'filter', 'dy'],
  outputs: ['dfilter'],
  attrs: convolutionAttrs,
  shapeOnly: ['filter'],
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never', lowPrecision: 'bfloat16', float32: ['dfilter'] },
  infer: ({ x, filter, dy }, a) => {
    requireGradientOf(inferConvolution(x, filter, a), dy);
    return { dfilter: filter };
  },
  resolve: ({ x, filter }, a) => resolveConvolution(x, filter, a),
  grad: (v, { x, dy, ddfilter }, a) => ({
    x: v.conv2dBackwardData(x, ddfilter, dy, a),
    dy: v.conv2d(x, ddfilter, a),
  }),
});
