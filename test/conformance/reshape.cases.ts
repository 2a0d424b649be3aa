import type { Tensor } from '../../lib/core/graph.js';
import { relu, reshape } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { call, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

const same = (x: readonly number[] = []) => [x];

export const reshapeCases: OpCases = {
  op: reshape,
  cases: [
    ...each(
      [
        [
          [2, 3, 4],
          [6, 4],
        ],
        [[2, 3, 4], [-1]],
        [
          [2, 3, 4],
          [0, -1],
        ],
        [[], [1, 1]],
        [[1], []],
        [
          [0, 5],
          [0, 5, 1],
        ],
        [
          [3, 4],
          [3, 4],
        ],
      ] as const,
      ([from, shape]) => ({
        name: `[${from}] to [${shape}]`,
        inputs: [{ shape: from, k: 1 }],
        attrs: { shape },
        expected: same,
        tolerance: exact,
        backendTolerance: exact,
      }),
    ),
    {
      name: 'int32',
      inputs: [{ shape: [4], dtype: 'int32', values: [1, -2, 3, 4] }],
      attrs: { shape: [2, 2] },
      expected: same,
    },
    { name: 'of a variable', inputs: [{ shape: [4], k: 3, as: 'variable' }], attrs: { shape: [2, 2] }, expected: same },
    {
      name: 'between two steps, and read twice',
      inputs: [{ shape: [2, 6], k: 2 }],
      build: ([x]) => {
        const y = call(relu, [x as Tensor]);
        const z = call(reshape, [y], { shape: [3, 4] });
        return [z, call(relu, [call(reshape, [z], { shape: [12] })]), y];
      },
      expected: (x = []) => [x.map(naive.relu), x.map(naive.relu), x.map(naive.relu)],
    },
  ],
};
