import { biasAdd } from '../../lib/ops/index.js';
import { each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

export const biasAddCases: OpCases = {
  op: biasAdd,
  cases: [
    ...fromTensorFlow('bias_add', () => ({}), { variables: [1] }),
    ...each([[5], [1, 1], [3, 17], [2, 3, 4], [3, 9, 5, 64], [0, 3]], (shape) => ({
      name: `[${shape}]`,
      inputs: [
        { shape, k: 1 },
        { shape: shape.slice(-1), k: 2 },
      ],
      expected: (x, bias) => [naive.addBias(x, bias)],
    })),
    {
      name: 'float64',
      inputs: [
        { shape: [2, 3], dtype: 'float64', k: 1 },
        { shape: [3], dtype: 'float64', k: 2 },
      ],
      expected: (x, bias) => [naive.addBias(x, bias)],
      tolerance: { relative: 1e-14 },
    },
  ],
};
