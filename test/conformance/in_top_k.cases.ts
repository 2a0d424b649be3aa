import { inTopK } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';

function counted(rows: readonly number[], size: number, k: number): Case {
  return {
    name: `[${[...rows, size]}] k ${k}`,
    inputs: [
      { shape: [...rows, size], k: 3 },
      { shape: rows, dtype: 'int64', k: 4, scale: size / 2, offset: size / 2 },
    ],
    attrs: { k },
    expected: (x = [], targets = []) => [
      targets.map((target, row) => {
        const values = x.slice(row * size, (row + 1) * size);
        return Number(values.filter((v) => v > (values[target] as number)).length < k);
      }),
    ],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const inTopKCases: OpCases = {
  op: inTopK,
  cases: [
    ...fromTensorFlow('in_top_k', ({ k }) => ({ k: k as number })),
    ...each(
      [
        [[], 5, 2],
        [[300], 100, 5],
        [[2, 3, 4], 7, 3],
        [[0], 3, 1],
      ] as const,
      ([rows, size, k]) => counted(rows, size, k),
    ),
    {
      ...counted([2], 3, 1),
      name: 'float64',
      inputs: [
        { shape: [2, 3], dtype: 'float64', values: [0.1, 0.2, 0.2 + 1e-12, 3, 2, 1] },
        { shape: [2], dtype: 'uint8', values: [1, 0] },
      ],
      expected: [[0, 1]],
    },
  ],
};
