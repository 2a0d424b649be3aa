import { defineOp } from '../core/op.js';
import { convolutionAttrs, inferConvolution, resolveConvolution } from './convolution.js';
import { ordinary } from './traits.js';

/** Cross-correlation of x [N,H,W,C] with filter [kh,kw,C,O]: y [N,H',W',O]. `pads` are [top, bottom, left, right]. */
export const conv2d = defineOp({
  name: 'conv2d',
  inputs: ['x', 'filter'],
  outputs: ['y'],
  attrs: convolutionAttrs,
  traits: { ...ordinary, dtypes: 'float', batchwise: 'first', product: true, lowPrecision: 'own_scale' },
  infer: ({ x, filter }, a) => ({ y: inferConvolution(x, filter, a) }),
  resolve: ({ x, filter }, a) => resolveConvolution(x, filter, a),
  grad: (v, { x, filter, dy }, a) => ({
    x: v.conv2dBackwardData(x, filter, dy, a),
    filter: v.conv2dBackwardFilter(x, filter, dy, a),
  }),
});
