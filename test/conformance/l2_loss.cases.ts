import { l2Loss } from '../../lib/ops/index.js';
import { each, type OpCases } from './cases.js';

const expected = (x: readonly number[]) => [[x.reduce((sum, v) => sum + v * v, 0) / 2]];

export const l2LossCases: OpCases = {
  op: l2Loss,
  cases: [
    ...each([[], [1], [3, 5], [3, 3, 17, 64], [0]], (shape) => ({
      name: `[${shape}]`,
      inputs: [{ shape, k: 5 }],
      expected: (x: readonly number[] = []) => expected(x),
    })),
    { name: 'of a variable', inputs: [{ shape: [3, 3, 8, 8], k: 6, as: 'variable' }], expected },
    { name: 'many small terms', inputs: [{ shape: [100_000], values: new Array(100_000).fill(0.001) }], expected },
    { name: 'NaN', inputs: [{ shape: [3], values: [1, Number.NaN, 2] }], expected },
    { name: 'float64', inputs: [{ shape: [9], dtype: 'float64', k: 5 }], expected, tolerance: { relative: 1e-14 } },
  ],
};
