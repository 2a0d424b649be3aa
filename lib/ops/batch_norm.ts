import { defineOp, float } from '../core/op.js';
import { lastDimension, requireFloating, requireVector } from './checks.js';

/** Inference: y = scale (x - mean) / sqrt(variance + epsilon) + offset, for each channel (last axis of x). */
export const batchNorm = defineOp({
  name: 'batch_norm',
  inputs: ['x', 'scale', 'offset', 'mean', 'variance'],
  outputs: ['y'],
  attrs: { epsilon: float },
  infer: ({ x, scale, offset, mean, variance }) => {
    requireFloating('x', x);
    const channels = lastDimension('x', x.shape);
    requireVector('scale', scale, channels);
    requireVector('offset', offset, channels);
    requireVector('mean', mean, channels);
    requireVector('variance', variance, channels);
    return { y: x };
  },
});
