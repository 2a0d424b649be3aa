import type { Tensor } from '../../lib/core/graph.js';
import { batchNorm, relu, relu6 } from '../../lib/ops/index.js';
import { type Case, call, each, fromTensorFlow, type InputSpec, type OpCases } from './cases.js';
import * as naive from './naive.js';

type Numbers = readonly number[];

/** x, scale, offset, mean, variance; all but x are variables, as in a network. */
export function batchNormInputs(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): InputSpec[] {
  const channel = { shape: shape.slice(-1), dtype, as: 'variable' } as const;
  return [
    { shape, dtype, k: 30, scale: 2, offset: 0.3 },
    { ...channel, k: 31, scale: 0.2, offset: 1 },
    { ...channel, k: 32, scale: 0.1 },
    { ...channel, k: 33, scale: 0.1 },
    { ...channel, k: 34, scale: 0.5, offset: 1 },
  ];
}

/** The values that batch norm gives at inference. */
export function normalized(
  epsilon: number,
  x: Numbers,
  scale: Numbers,
  offset: Numbers,
  mean: Numbers,
  variance: Numbers,
): number[] {
  return x.map((v, i) => {
    const c = i % scale.length;
    return (
      ((scale[c] as number) * (v - (mean[c] as number))) / Math.sqrt((variance[c] as number) + epsilon) +
      (offset[c] as number)
    );
  });
}

function plain(shape: readonly number[], epsilon: number): Case {
  return {
    name: `[${shape}] epsilon ${epsilon}`,
    inputs: batchNormInputs(shape),
    attrs: { epsilon },
    expected: (x, s, o, m, v) => [normalized(epsilon, x, s as Numbers, o as Numbers, m as Numbers, v as Numbers)],
  } as Case;
}

export const batchNormCases: OpCases = {
  op: batchNorm,
  cases: [
    ...fromTensorFlow('batch_norm', ({ epsilon, isTraining }) => (isTraining ? null : { epsilon: epsilon as number }), {
      variables: [1, 2, 3, 4],
    }),
    ...each(
      [
        [1, 1, 1, 1],
        [3, 7, 5, 17],
        [2, 9, 9, 64],
        [3, 10],
        [0, 4, 4, 3],
      ],
      (shape) => plain(shape, 1e-5),
    ),
    {
      ...plain([2, 3], 0.001),
      name: 'statistics that are fed',
      inputs: batchNormInputs([2, 3]).map((i) => ({ ...i, as: 'input' as const })),
      attrs: { epsilon: 0.001 },
    },
    {
      ...plain([2, 3], 0.001),
      name: 'a channel without variance, and one that is very large',
      inputs: batchNormInputs([2, 3]).map((spec, i) =>
        i === 4
          ? {
              ...spec,
              special: [
                [0, 0],
                [1, 1e12],
              ] as const,
            }
          : spec,
      ),
    },
    {
      ...plain([4, 3], 0.001),
      name: 'NaN and infinity stay in their elements',
      inputs: batchNormInputs([4, 3]).map((spec, i) =>
        i === 0
          ? {
              ...spec,
              special: [
                [0, Number.NaN],
                [4, Number.POSITIVE_INFINITY],
              ] as const,
            }
          : spec,
      ),
    },
    {
      ...plain([2, 5, 5, 17], 0.001),
      name: 'batch norm, relu: one step',
      build: (inputs, attrs) => [call(relu, [call(batchNorm, inputs, attrs)])],
      attrs: { epsilon: 0.001 },
      expected: (x, s, o, m, v) => [
        normalized(0.001, x as Numbers, s as Numbers, o as Numbers, m as Numbers, v as Numbers).map(naive.relu),
      ],
    },
    {
      ...plain([2, 5, 5, 3], 0.001),
      name: 'batch norm, relu6 of a sum with two readers',
      build: (inputs, attrs) => {
        const x = call(relu, [inputs[0] as Tensor]);
        return [call(relu6, [call(batchNorm, [x, ...inputs.slice(1)], attrs)]), x];
      },
      attrs: { epsilon: 0.001 },
      expected: (x, s, o, m, v) => {
        const y = (x as Numbers).map(naive.relu);
        return [normalized(0.001, y, s as Numbers, o as Numbers, m as Numbers, v as Numbers).map(naive.relu6), y];
      },
    },
    {
      ...plain([2, 3], 0.001),
      name: 'float64',
      inputs: batchNormInputs([2, 3], 'float64'),
      tolerance: { relative: 1e-14 },
    },
  ],
};
