import { defineOp, float } from '../core/op.js';
import { lastDimension, requireVector } from './checks.js';
import { ordinary } from './traits.js';

/** Inference: y = scale (x - mean) / sqrt(variance + epsilon) + offset, for each channel (last axis of x). */
export const batchNorm = defineOp({
  name: 'batch_norm',
  inputs: ['x', 'scale', 'offset', 'mean', 'variance'],
  outputs: ['y'],
  attrs: { epsilon: float },
  traits: {
    ...ordinary,
    dtypes: 'float',
    batchwise: 'rows',
    lowPrecision: 'own_scale',
    float32: ['scale', 'offset', 'mean', 'variance'],
  },
  infer: ({ x, scale, offset, mean, variance }) => {
    const channels = lastDimension('x', x.shape);
    requireVector('scale', scale, channels);
    requireVector('offset', offset, channels);
    requireVector('mean', mean, channels);
    requireVector('variance', variance, channels);
    return { y: x };
  },
  grad: (v, { x, scale, offset, mean, variance, dy }, { epsilon }) => {
    const inverse = v.rsqrt(v.add(variance, epsilon));
    const factor = v.mul(scale, inverse);
    const doffset = v.sumTo(dy, offset);
    const dscale = v.sumTo(v.mul(dy, v.mul(v.sub(x, mean), inverse)), scale);
    return {
      x: v.mul(dy, factor),
      scale: dscale,
      offset: doffset,
      mean: v.neg(v.mul(doffset, factor)),
      variance: v.mul(v.mul(dscale, -0.5), v.mul(factor, inverse)),
    };
  },
});
