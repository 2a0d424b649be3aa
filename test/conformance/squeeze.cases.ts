import type { Tensor } from '../../lib/core/graph.js';
import { reduceMean, softmax, squeeze } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { call, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

const same = (x: readonly number[] = []) => [x];

export const squeezeCases: OpCases = {
  op: squeeze,
  cases: [
    ...each(
      [
        [
          [3, 1, 1, 10],
          [1, 2],
        ],
        [[3, 1, 1, 10], [-2]],
        [
          [1, 1],
          [0, 1],
        ],
        [[1, 5], [0]],
        [[2, 3], []],
        [[0, 1], [1]],
      ] as const,
      ([shape, axes]) => ({
        name: `[${shape}] without [${axes}]`,
        inputs: [{ shape, k: 1 }],
        attrs: { axes },
        expected: same,
        tolerance: exact,
        backendTolerance: exact,
      }),
    ),
    {
      name: 'between a mean and a softmax, as at the end of a network',
      inputs: [{ shape: [2, 5, 5, 7], k: 2, scale: 9 }],
      build: ([x]) => {
        const mean = call(reduceMean, [x as Tensor], { axes: [1, 2], keep_dims: true });
        const logits = call(squeeze, [mean], { axes: [1, 2] });
        return [logits, call(softmax, [logits])];
      },
      expected: (x = []) => {
        const logits = naive.reduce([2, 5, 5, 7], [1, 2], naive.mean, x);
        const rows = [logits.slice(0, 7), logits.slice(7)].map((row) => row.map(Math.exp));
        return [logits, rows.flatMap((row) => row.map((v) => v / naive.sum(row)))];
      },
    },
  ],
};
