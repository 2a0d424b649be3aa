import { bool, defineOp, float } from '../core/op.js';
import { lastDimension, requireGradientOf, requireVector } from './checks.js';
import { ordinary } from './traits.js';

/**
 * The gradients of batch_norm_training out of that of y. `mean` and `variance` are the results of the same batch norm, whose attributes
 * these are. With u = (x - mean) / sqrt(biased variance + epsilon) and m elements a channel: doffset = sum dy, dscale = sum(dy u), and
 * dx = scale / sqrt(biased variance + epsilon) (dy - doffset / m - u dscale / m).
 */
export const batchNormTrainingBackward = defineOp({
  name: 'batch_norm_training_backward',
  inputs: ['x', 'scale', 'mean', 'variance', 'dy'],
  outputs: ['dx', 'dscale', 'doffset'],
  attrs: { epsilon: float, bessel: bool },
  traits: {
    ...ordinary,
    dtypes: 'float',
    batchwise: 'never',
    lowPrecision: 'bfloat16',
    float32: ['scale', 'mean', 'variance', 'dscale', 'doffset'],
  },
  infer: ({ x, scale, mean, variance, dy }) => {
    const channels = lastDimension('x', x.shape);
    for (const [port, vector] of Object.entries({ scale, mean, variance })) {
      requireVector(port, vector, channels);
    }
    requireGradientOf(x, dy);
    return { dx: x, dscale: scale, doffset: scale };
  },
  grad: 'second derivatives through the statistics of a batch are not there',
});
