import { bool, defineOp, float } from '../core/op.js';
import { lastDimension, requireGradientOf, requireVector } from './checks.js';
import { ordinary } from './traits.js';

/**
 * batch_norm_training_backward behind relu_backward, where the rectifier stood right behind the batch norm: dy is the gradient of the
 * rectifier's result, and what the rectifier cut off is seen from the normalised x itself, so that neither its result nor the gradient
 * between the two is read.
 */
export const batchNormTrainingReluBackward = defineOp({
  name: 'batch_norm_training_relu_backward',
  inputs: ['x', 'scale', 'offset', 'mean', 'variance', 'dy'],
  outputs: ['dx', 'dscale', 'doffset'],
  attrs: { epsilon: float, bessel: bool, limit: float },
  traits: {
    ...ordinary,
    dtypes: 'float',
    batchwise: 'never',
    lowPrecision: 'bfloat16',
    float32: ['scale', 'offset', 'mean', 'variance', 'dscale', 'doffset'],
  },
  grad: 'only the compiler makes it',
  internal: true,
  infer: ({ x, scale, offset, mean, variance, dy }) => {
    const channels = lastDimension('x', x.shape);
    for (const [port, vector] of Object.entries({ scale, offset, mean, variance })) {
      requireVector(port, vector, channels);
    }
    requireGradientOf(x, dy);
    return { dx: x, dscale: scale, doffset: scale };
  },
});
