import { logSoftmax } from '../../lib/ops/index.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';

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
          const logarithm = Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
          return row.map((v) => v - top - logarithm);
        }),
      ];
    },
  };
}

export const logSoftmaxCases: OpCases = {
  op: logSoftmax,
  cases: [
    ...fromTensorFlow('log_softmax', () => ({})),
    ...each(
      [
        [[10], 1],
        [[3, 1001], 30],
        [[2, 5, 5, 17], 4],
        [[700, 30], 9],
        [[0, 5], 1],
        [[5, 0], 1],
      ] as const,
      ([shape, scale]) => rows(shape, scale),
    ),
    {
      ...rows([1, 3], 1),
      name: 'the difference to a certain class survives',
      inputs: [{ shape: [1, 3], values: [20, 0, -60] }],
      expected: [[-2.061153620314381e-9, -20.000000002061153, -80.00000000206116]],
      tolerance: { relative: 0, absolute: 1e-5 },
    },
    {
      ...rows([2, 3], 5),
      name: 'float64',
      inputs: [{ shape: [2, 3], dtype: 'float64', k: 60, scale: 5 }],
      tolerance: { relative: 1e-14 },
    },
  ],
};
