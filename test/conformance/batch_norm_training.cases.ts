import { batchNormTraining } from '../../lib/ops/index.js';
import { batchNormInputs } from './batch_norm.cases.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

function training(shape: readonly number[], epsilon: number, bessel: boolean): Case {
  const rows = shape.slice(0, -1).map((_, i) => i);
  return {
    name: `[${shape}] epsilon ${epsilon}${bessel ? ' with' : ' without'} Bessel's correction`,
    inputs: batchNormInputs(shape).slice(0, 3),
    attrs: { epsilon, bessel },
    expected: (x = [], scale = [], offset = []) => {
      const m = x.length / scale.length;
      const mean = naive.reduce(shape, rows, naive.mean, x);
      const centred = x.map((v, i) => v - (mean[i % mean.length] as number));
      const variance = naive.reduce(
        shape,
        rows,
        naive.mean,
        centred.map((v) => v * v),
      );
      const y = centred.map((v, i) => {
        const c = i % scale.length;
        return ((scale[c] as number) * v) / Math.sqrt((variance[c] as number) + epsilon) + (offset[c] as number);
      });
      return [y, mean, variance.map((v) => (bessel ? (v * m) / Math.max(m - 1, 1) : v))];
    },
  };
}

export const batchNormTrainingCases: OpCases = {
  op: batchNormTraining,
  cases: [
    ...fromTensorFlow(
      'batch_norm',
      ({ epsilon, isTraining }) => (isTraining ? { epsilon: epsilon as number, bessel: true } : null),
      { variables: [1, 2], inputs: 3 },
    ),
    ...each(
      [
        [1, 1, 1, 3],
        [3, 7, 5, 17],
        [2, 9, 9, 64],
        [5, 10],
      ],
      (shape) => training(shape, 1e-5, false),
    ),
    training([3, 4, 4, 33], 0.001, true),
    {
      ...training([3, 4, 5, 6], 1e-5, true),
      name: 'float64',
      inputs: batchNormInputs([3, 4, 5, 6], 'float64').slice(0, 3),
      tolerance: { relative: 1e-13 },
    },
    {
      ...training([2, 6, 6, 2], 0.001, true),
      name: 'a mean far from 0 does not eat the variance',
      inputs: batchNormInputs([2, 6, 6, 2])
        .slice(0, 3)
        .map((spec, i) => (i === 0 ? { ...spec, scale: 1, offset: 1000 } : spec)),
    },
    {
      ...training([2, 2, 2, 2], 0.001, false),
      name: 'NaN takes its channel alone',
      inputs: batchNormInputs([2, 2, 2, 2])
        .slice(0, 3)
        .map((spec, i) => (i === 0 ? { ...spec, special: [[3, Number.NaN]] as const } : spec)),
    },
  ],
};
