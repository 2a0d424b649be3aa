import type { Tensor } from '../../lib/core/graph.js';
import { biasAdd, matmul, relu, relu6 } from '../../lib/ops/index.js';
import { type Case, call, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

function product(x: readonly number[], columns: number, as: 'input' | 'variable'): Case {
  const depth = x[x.length - 1] as number;
  return {
    name: `[${x}] times [${depth},${columns}], a ${as === 'input' ? 'fed' : 'variable'} matrix`,
    inputs: [
      { shape: x, k: 1 },
      { shape: [depth, columns], k: 2, as },
    ],
    expected: (a = [], b = []) => [naive.matmul(depth, columns, a, b)],
  };
}

export const matmulCases: OpCases = {
  op: matmul,
  cases: [
    ...each(
      [
        [[1, 1], 1],
        [[3, 17], 5],
        [[2, 64], 64],
        [[1, 512], 200],
        [[2, 3, 4], 5],
        [[4], 3],
        [[65, 130], 67],
        [[0, 4], 3],
      ] as const,
      ([x, columns]) => product(x, columns, 'variable'),
    ),
    product([3, 17], 5, 'input'),
    {
      ...product([2, 3], 2, 'variable'),
      name: 'NaN takes its row, infinity its sign',
      inputs: [
        { shape: [2, 3], values: [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 1, 1] },
        { shape: [3, 2], values: [1, -1, 2, 3, 4, 5], as: 'variable' },
      ],
    },
    {
      ...product([3, 20], 7, 'variable'),
      name: 'bias, relu: one step',
      inputs: [...product([3, 20], 7, 'variable').inputs, { shape: [7], k: 3, as: 'variable' }],
      build: ([x, y, bias]) => [
        call(relu, [call(biasAdd, [call(matmul, [x as Tensor, y as Tensor]), bias as Tensor])]),
      ],
      expected: (a = [], b = [], bias = []) => [naive.addBias(naive.matmul(20, 7, a, b), bias).map(naive.relu)],
    },
    { ...product([3, 0], 7, 'variable'), name: 'sums of nothing', expected: [new Array(21).fill(0)] },
    {
      ...product([3, 0], 7, 'variable'),
      name: 'sums of nothing, bias, relu',
      inputs: [...product([3, 0], 7, 'variable').inputs, { shape: [7], k: 3, as: 'variable' }],
      build: ([x, y, bias]) => [
        call(relu, [call(biasAdd, [call(matmul, [x as Tensor, y as Tensor]), bias as Tensor])]),
      ],
      expected: (_a, _b, bias = []) => [[...bias, ...bias, ...bias].map(naive.relu)],
    },
    {
      ...product([3, 20], 7, 'variable'),
      name: 'relu6: one step',
      build: (inputs) => [call(relu6, [call(matmul, inputs)])],
      expected: (a = [], b = []) => [naive.matmul(20, 7, a, b).map(naive.relu6)],
    },
    {
      ...product([2, 3], 4, 'variable'),
      name: 'float64',
      inputs: [
        { shape: [2, 3], dtype: 'float64', k: 1 },
        { shape: [3, 4], dtype: 'float64', k: 2 },
      ],
      tolerance: { relative: 1e-14 },
    },
  ],
};
