import { topK } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function largest(shape: readonly number[], k: number): Case {
  const size = shape[shape.length - 1] as number;
  return {
    name: `[${shape}] k ${k}`,
    inputs: [{ shape, k: 9 }],
    attrs: { k },
    expected: (x = []) => {
      const rows = Array.from({ length: x.length / size }, (_, r) => x.slice(r * size, (r + 1) * size));
      const order = rows.map((row) =>
        row
          .map((_, i) => i)
          .sort(
            (a, b) =>
              Number(Number.isNaN(row[b])) - Number(Number.isNaN(row[a])) ||
              (row[b] as number) - (row[a] as number) ||
              a - b,
          )
          .slice(0, k),
      );
      return [order.flatMap((indices, r) => indices.map((i) => (rows[r] as number[])[i] as number)), order.flat()];
    },
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const topKCases: OpCases = {
  op: topK,
  cases: [
    ...fromTensorFlow('top_k', ({ k }) => ({ k: k as number })).map((c) => ({
      ...c,
      tolerance: exact,
      backendTolerance: exact,
    })),
    ...each(
      [
        [[7], 3],
        [[3, 1000], 5],
        [[2, 3, 5], 5],
        [[64, 1], 1],
        [[5, 129], 129],
        [[0, 4], 2],
      ] as const,
      ([shape, k]) => largest(shape, k),
    ),
    {
      ...largest([2, 5], 4),
      name: 'NaN comes first, then infinity; equals in their order',
      inputs: [{ shape: [2, 5], values: [1, inf, nan, -inf, nan, 2, 2, -inf, 2, 3] }],
      expected: [
        [nan, nan, inf, 1, 3, 2, 2, 2],
        [2, 4, 1, 0, 4, 0, 1, 3],
      ],
    },
    { ...largest([2, 6], 3), name: 'float64', inputs: [{ shape: [2, 6], dtype: 'float64', k: 9 }] },
  ],
};
