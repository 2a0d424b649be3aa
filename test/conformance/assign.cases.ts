import type { Tensor } from '../../lib/core/graph.js';
import { assign, mul } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, call, each, type OpCases } from './cases.js';

const value = (_: readonly number[] = [], x: readonly number[] = []) => x;

export const assignCases: OpCases = {
  op: assign,
  cases: [
    ...each(
      [[5], [], [3, 4], [40_001], [0]] as const,
      (shape): Case => ({
        name: `[${shape}]`,
        inputs: [
          { shape, k: 1, as: 'variable' },
          { shape, k: 2, scale: 9 },
        ],
        expected: (v, x) => [value(v, x)],
        expectedVariables: (v, x) => ({ 0: value(v, x) }),
        tolerance: exact,
        backendTolerance: exact,
      }),
    ),
    {
      name: 'int64',
      inputs: [
        { shape: [2], dtype: 'int64', values: [1, 2], as: 'variable' },
        { shape: [2], dtype: 'int64', values: [2 ** 40, -1] },
      ],
      expected: [[2 ** 40, -1]],
    },
    {
      name: 'other readers see the old value',
      inputs: [
        { shape: [2], values: [1, 2], as: 'variable' },
        { shape: [2], values: [10, 20] },
      ],
      build: ([variable, x]) => [
        call(assign, [variable as Tensor, x as Tensor]),
        call(mul, [variable as Tensor, variable as Tensor]),
      ],
      expected: [
        [10, 20],
        [1, 4],
      ],
    },
  ],
};
