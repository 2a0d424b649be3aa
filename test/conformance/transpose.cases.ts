import type { Tensor } from '../../lib/core/graph.js';
import { relu, transpose } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, call, each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

function transposed(shape: readonly number[], perm: readonly number[]): Case {
  return {
    name: `[${shape}] by [${perm}]`,
    inputs: [{ shape, k: 121 }],
    attrs: { perm },
    expected: (x = []) => [naive.transpose(x, shape, perm)],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const transposeCases: OpCases = {
  op: transpose,
  cases: [
    ...fromTensorFlow('transpose', ({ perm }) => ({ perm: perm as number[] })),
    ...each(
      [
        [[], []],
        [[5], [0]],
        [
          [1, 1],
          [1, 0],
        ],
        [
          [0, 3],
          [1, 0],
        ],
        [
          [3, 17, 33, 29],
          [0, 2, 3, 1],
        ],
        [
          [3, 17, 33, 29],
          [0, 3, 1, 2],
        ],
        [
          [1, 2, 1, 2, 1, 2, 3, 2],
          [7, 0, 6, 2, 5, 4, 3, 1],
        ],
        [
          [2, 3, 4, 5],
          [2, 3, 0, 1],
        ],
      ] as const,
      ([shape, perm]) => transposed(shape, perm),
    ),
    { ...transposed([2, 2], [1, 0]), name: 'bool', inputs: [{ shape: [2, 2], dtype: 'bool', values: [1, 0, 0, 1] }] },
    {
      ...transposed([2, 3], [1, 0]),
      name: 'float64',
      inputs: [{ shape: [2, 3], dtype: 'float64', values: [1, -2, 3, 4, 0.1, 6] }],
    },
    {
      ...transposed([2, 3], [1, 0]),
      name: 'int16',
      inputs: [{ shape: [2, 3], dtype: 'int16', values: [1, -2, 3, 4, 5, 6] }],
    },
    {
      ...transposed([2, 3, 4], [2, 0, 1]),
      name: 'of a variable',
      inputs: [{ shape: [2, 3, 4], k: 1, as: 'variable' }],
    },
    {
      name: 'there, relu, and back',
      inputs: [{ shape: [2, 3, 4, 5], k: 2 }],
      build: ([x]) => {
        const there = call(transpose, [x as Tensor], { perm: [0, 2, 3, 1] });
        return [call(transpose, [call(relu, [there])], { perm: [0, 3, 1, 2] })];
      },
      expected: (x = []) => [x.map(naive.relu)],
      tolerance: exact,
      backendTolerance: exact,
    },
  ],
};
