import { checkNumerics } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type OpCases } from './cases.js';

const attrs = { message: 'LossTensor is inf or nan' };
const same = (x: readonly number[] = []) => [x];

export const checkNumericsCases: OpCases = {
  op: checkNumerics,
  cases: [
    ...each(
      [[], [7], [0], [40_001]] as const,
      (shape): Case => ({
        name: `[${shape}]`,
        inputs: [{ shape, k: 1 }],
        attrs,
        expected: same,
        tolerance: exact,
      }),
    ),
    { name: 'float64', inputs: [{ shape: [3], dtype: 'float64', k: 1 }], attrs, expected: same, tolerance: exact },
    {
      name: 'NaN',
      inputs: [{ shape: [2], values: [1, Number.NaN] }],
      attrs,
      fails: 'LossTensor is inf or nan : Tensor had NaN',
    },
    {
      name: 'an infinity among many',
      inputs: [{ shape: [40_001], k: 1, special: [[40_000, Number.NEGATIVE_INFINITY]] }],
      attrs,
      fails: 'LossTensor is inf or nan : Tensor had Inf',
    },
  ],
};
