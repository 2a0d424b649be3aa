import type { Tensor } from '../../lib/core/graph.js';
import { assignAdd, less, mul } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, call, each, f32, type OpCases } from './cases.js';

type Numbers = readonly number[];

const sum = (variable: Numbers = [], value: Numbers = []) => variable.map((v, i) => f32(v + (value[i] as number)));

export const assignAddCases: OpCases = {
  op: assignAdd,
  cases: [
    ...each(
      [[5], [], [3, 4], [40_001], [0]] as const,
      (shape): Case => ({
        name: `[${shape}]`,
        inputs: [
          { shape, k: 1, as: 'variable' },
          { shape, k: 2, scale: 9 },
        ],
        expected: (v, x) => [sum(v, x)],
        expectedVariables: (v, x) => ({ 0: sum(v, x) }),
        tolerance: exact,
        backendTolerance: exact,
      }),
    ),
    {
      name: 'float64',
      inputs: [
        { shape: [2], dtype: 'float64', values: [2 ** 40, 1], as: 'variable' },
        { shape: [2], dtype: 'float64', values: [1, 2 ** -40] },
      ],
      expected: [[2 ** 40 + 1, 1 + 2 ** -40]],
      tolerance: exact,
      backendTolerance: exact,
    },
    ...each(['int64', 'int32', 'uint8'] as const, (dtype) => ({
      name: dtype,
      inputs: [
        { shape: [2], dtype, values: [41, 7], as: 'variable' as const },
        { shape: [2], dtype, values: [1, 1] },
      ],
      expected: [[42, 8]],
      expectedVariables: () => ({ 0: [42, 8] }),
    })),
    {
      name: 'int64 beyond what a float64 holds',
      inputs: [
        { shape: [], dtype: 'int64', values: [2 ** 53], as: 'variable' },
        { shape: [], dtype: 'int64', values: [1] },
      ],
      build: ([counter, one]) => {
        const grown = call(assignAdd, [counter as Tensor, one as Tensor]);
        return [call(less, [counter as Tensor, grown])];
      },
      expected: [[1]],
    },
    {
      name: 'what is computed from the sum sees the new value, other readers the old one',
      inputs: [
        { shape: [3], values: [1, 2, 3], as: 'variable' },
        { shape: [3], values: [10, 20, 30] },
      ],
      build: ([variable, value]) => {
        const updated = call(assignAdd, [variable as Tensor, value as Tensor]);
        return [call(mul, [updated, updated]), call(mul, [variable as Tensor, variable as Tensor])];
      },
      expected: [
        [121, 484, 1089],
        [1, 4, 9],
      ],
      expectedVariables: () => ({ 0: [11, 22, 33] }),
    },
  ],
};
