import { batchNormTrainingBackward } from '../../lib/ops/index.js';
import { uniform } from '../helpers/generator.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

/** x, scale, mean, variance and dy, where mean and variance are those of x, as a batch norm in training gives them out. */
function backward(shape: readonly number[], epsilon: number, bessel: boolean, dtype: 'float32' | 'float64'): Case {
  const channels = shape[shape.length - 1] as number;
  const rows = naive.count(shape) / channels;
  const x = { shape, dtype, k: 30, scale: 2, offset: 0.3 };
  const vector = { shape: [channels], dtype };
  const values = Array.from(uniform(naive.count(shape), 30, 2, 0.3));
  const columns = (c: number) => values.filter((_, i) => i % channels === c);
  const means = Array.from({ length: channels }, (_, c) => naive.mean(columns(c)));
  const biased = means.map((mean, c) => naive.mean(columns(c).map((v) => (v - mean) ** 2)));
  const variances = biased.map((v) => (bessel ? (v * rows) / Math.max(rows - 1, 1) : v));
  return {
    name: `[${shape}] epsilon ${epsilon}${bessel ? ' with' : ' without'} Bessel's correction, ${dtype}`,
    inputs: [
      x,
      { ...vector, k: 31, scale: 0.2, offset: 1 },
      { ...vector, values: means },
      { ...vector, values: variances },
      { shape, dtype, k: 34 },
    ],
    attrs: { epsilon, bessel },
    expected: (image = [], scale = [], mean = [], _variance = [], dy = []) => {
      const inverse = biased.map((v) => 1 / Math.sqrt(v + epsilon));
      const units = image.map((v, i) => (v - (mean[i % channels] as number)) * (inverse[i % channels] as number));
      const sums = (list: readonly number[]) =>
        Array.from({ length: channels }, (_, c) => naive.sum(list.filter((_v, i) => i % channels === c)));
      const doffset = sums(dy);
      const dscale = sums(dy.map((g, i) => g * (units[i] as number)));
      const dx = dy.map((g, i) => {
        const c = i % channels;
        const centred = g - (doffset[c] as number) / rows - ((units[i] as number) * (dscale[c] as number)) / rows;
        return (scale[c] as number) * (inverse[c] as number) * centred;
      });
      return [dx, dscale, doffset];
    },
    ...(dtype === 'float64' ? { tolerance: { relative: 1e-12 } } : {}),
  };
}

export const batchNormTrainingBackwardCases: OpCases = {
  op: batchNormTrainingBackward,
  cases: [
    ...fromTensorFlow('batch_norm_training_backward', ({ epsilon }) => ({ epsilon: epsilon as number, bessel: true })),
    ...each(
      [
        [3, 7, 5, 17],
        [2, 9, 9, 64],
        [5, 10],
        [40, 1],
      ],
      (shape) => backward(shape, 1e-3, false, 'float32'),
    ),
    backward([3, 4, 4, 33], 0.001, true, 'float32'),
    backward([3, 4, 4, 5], 1e-5, true, 'float64'),
  ],
};
