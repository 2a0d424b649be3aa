import { bool, defineOp, float } from '../core/op.js';
import { lastDimension, requireVector } from './checks.js';
import { ordinary } from './traits.js';

/**
 * Training: normalises with the statistics of x over all axes but the last. `mean` and `variance` [C] are the batch's; the
 * normalisation always uses the biased variance, and the variance that is given out is multiplied by m / max(m - 1, 1) when
 * `bessel` is true (m elements a channel), as TensorFlow's fused kernel does.
 */
export const batchNormTraining = defineOp({
  name: 'batch_norm_training',
  inputs: ['x', 'scale', 'offset'],
  outputs: ['y', 'mean', 'variance'],
  attrs: { epsilon: float, bessel: bool },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'never' },
  infer: ({ x, scale, offset }) => {
    const channels = lastDimension('x', x.shape);
    requireVector('scale', scale, channels);
    requireVector('offset', offset, channels);
    const statistics = { dtype: 'float32', shape: [channels] } as const;
    return { y: x, mean: statistics, variance: statistics };
  },
});
