import { assignDebiasedMovingAverage } from '../../lib/ops/index.js';
import { each, type OpCases } from './cases.js';

type Numbers = readonly number[];

const decay = 0.9;
const next = (biased: Numbers, value: Numbers) => biased.map((b, i) => b - (b - (value[i] as number)) * (1 - decay));

export const assignDebiasedMovingAverageCases: OpCases = {
  op: assignDebiasedMovingAverage,
  cases: [
    ...each(
      [
        [[4], 0],
        [[4], 1],
        [[17], 9],
        [[2, 3], 1000],
        [[0], 3],
        [[], 0],
      ] as const,
      ([shape, step]) => ({
        name: `[${shape}] after ${step} steps`,
        inputs: [
          { shape, k: 1, as: 'variable' as const },
          { shape, k: 2, as: 'variable' as const },
          { shape: [], values: [step], as: 'variable' as const },
          { shape, k: 3, scale: 2 },
        ],
        attrs: { decay },
        expected: (_: Numbers = [], biased: Numbers = [], __: Numbers = [], value: Numbers = []) => [
          next(biased, value).map((b) => b / (1 - decay ** (step + 1))),
          next(biased, value),
          [step + 1],
        ],
        expectedVariables: (_: Numbers = [], biased: Numbers = [], __: Numbers = [], value: Numbers = []) => ({
          0: next(biased, value).map((b) => b / (1 - decay ** (step + 1))),
          1: next(biased, value),
          2: [step + 1],
        }),
      }),
    ),
  ],
};
