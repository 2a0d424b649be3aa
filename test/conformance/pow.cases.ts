import { pow } from '../../lib/ops/index.js';
import { type Case, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

const shapes: (readonly [readonly number[], readonly number[]])[] = [
  [[7], [7]],
  [[], []],
  [[2, 3, 4], [4]],
  [[], [5]],
  [[40_001], []],
  [[0, 4], [4]],
];

const power = (x: number, y: number) => x ** y;

export const powCases: OpCases = {
  op: pow,
  cases: [
    ...each(
      shapes,
      ([x, y]): Case => ({
        name: `[${x}] ^ [${y}]`,
        inputs: [
          { shape: x, k: 1, offset: 1.5 },
          { shape: y, k: 2, scale: 2 },
        ],
        expected: (a, b) => [naive.broadcast(x, y, power)(a, b)],
      }),
    ),
    {
      name: 'float64',
      inputs: [
        { shape: [6], dtype: 'float64', k: 1, offset: 1.5 },
        { shape: [6], dtype: 'float64', k: 2, scale: 2 },
      ],
      expected: (a = [], b = []) => [a.map((x, i) => x ** (b[i] as number))],
      tolerance: { relative: 1e-14 },
    },
    {
      name: 'zeros, negative numbers and infinities',
      inputs: [
        { shape: [6], values: [0, 0, -2, -2, Number.POSITIVE_INFINITY, Number.NaN] },
        { shape: [6], values: [0, 2, 3, 0.5, -1, 2] },
      ],
      expected: [[1, 0, -8, Number.NaN, 0, Number.NaN]],
    },
  ],
};
