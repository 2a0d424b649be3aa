import { less } from '../../lib/ops/index.js';
import { type Case, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

const shapes: (readonly [readonly number[], readonly number[]])[] = [
  [[7], [7]],
  [[2, 3, 4], [4]],
  [[], [5]],
  [[40_001], [40_001]],
  [[0], [1]],
];

const compared = (x: number, y: number) => Number(x < y);

export const lessCases: OpCases = {
  op: less,
  cases: [
    ...each(
      shapes,
      ([x, y]): Case => ({
        name: `[${x}] < [${y}]`,
        inputs: [
          { shape: x, k: 1 },
          { shape: y, k: 2 },
        ],
        expected: (a, b) => [naive.broadcast(x, y, compared)(a, b)],
      }),
    ),
    ...each(
      ['float64', 'int32', 'int64', 'uint8'] as const,
      (dtype): Case => ({
        name: dtype,
        inputs: [
          { shape: [4], dtype, values: [1, 2, 3, 200] },
          { shape: [4], dtype, values: [2, 2, 1, 201] },
        ],
        expected: [[1, 0, 0, 1]],
      }),
    ),
    {
      name: 'NaN and infinities',
      inputs: [
        { shape: [3], values: [Number.NaN, Number.NEGATIVE_INFINITY, 1] },
        { shape: [3], values: [1, 0, Number.NaN] },
      ],
      expected: [[0, 1, 0]],
    },
  ],
};
