import { softmax } from '../../lib/ops/index.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function rows(shape: readonly number[], scale: number): Case {
  const size = shape[shape.length - 1] as number;
  return {
    name: `[${shape}] up to ${scale}`,
    inputs: [{ shape, k: 60, scale }],
    expected: (x = []) => {
      const lines = Array.from({ length: x.length / size }, (_, r) => x.slice(r * size, (r + 1) * size));
      return [
        lines.flatMap((row) => {
          const top = Math.max(...row);
          const powers = row.map((v) => Math.exp(v - top));
          const sum = powers.reduce((a, b) => a + b, 0);
          return powers.map((v) => v / sum);
        }),
      ];
    },
  };
}

export const softmaxCases: OpCases = {
  op: softmax,
  cases: [
    ...fromTensorFlow('softmax', () => ({})),
    ...each(
      [
        [[10], 1],
        [[1, 1000], 8],
        [[3, 1001], 30],
        [[2, 5, 5, 17], 4],
        [[7, 3], 90],
        [[0, 5], 1],
      ] as const,
      ([shape, scale]) => rows(shape, scale),
    ),
    { ...rows([3, 4], 1), name: 'all logits alike', inputs: [{ shape: [3, 4], values: new Array(12).fill(-7e4) }] },
    {
      ...rows([3, 4], 1),
      name: 'NaN or infinity takes its row alone',
      inputs: [
        {
          shape: [3, 4],
          k: 1,
          special: [
            [1, nan],
            [10, inf],
          ],
        },
      ],
    },
    {
      ...rows([2, 3], 1),
      name: 'a row of minus infinities is NaN',
      inputs: [{ shape: [2, 3], values: [-inf, -inf, -inf, 1, -inf, 1] }],
    },
    {
      ...rows([2, 3], 5),
      name: 'float64',
      inputs: [{ shape: [2, 3], dtype: 'float64', k: 60, scale: 5 }],
      tolerance: { relative: 1e-14 },
    },
  ],
};
