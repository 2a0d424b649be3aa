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
  traits: {
    ...ordinary,
    dtypes: 'float',
    batchwise: 'never',
    lowPrecision: 'bfloat16',
    float32: ['scale', 'offset', 'mean', 'variance'],
  },
  infer: ({ x, scale, offset }) => {
    const channels = lastDimension('x', x.shape);
    requireVector('scale', scale, channels);
    requireVector('offset', offset, channels);
    const statistics = { dtype: x.dtype, shape: [channels] };
    return { y: x, mean: statistics, variance: statistics };
  },
  grad: (v, { x, scale, mean, variance, dy, dmean, dvariance }, a) => {
    const main = dy && v.batchNormTrainingBackward(x, scale, mean, variance, dy, a);
    const count = v.ratio(x, mean);
    const throughMean = dmean && v.broadcastTo(v.div(dmean, count), x);
    // Of one element a channel, the variance is 0 whatever it is: it differs from the mean by nothing.
    const throughVariance =
      dvariance && v.mul(v.sub(x, mean), v.divNoNan(v.mul(dvariance, 2), a.bessel ? v.sub(count, 1) : count));
    const ways = [main?.dx, throughMean, throughVariance].filter((way) => way !== undefined);
    return { x: ways.reduce((sum, way) => v.add(sum, way)), scale: main?.dscale, offset: main?.doffset };
  },
});
