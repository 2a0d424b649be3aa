import { reduceSum } from '../../lib/ops/index.js';
import { type Case, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

function over(shape: readonly number[], axes: readonly number[], keepDims: boolean): Case {
  return {
    name: `[${shape}] over [${axes}]${keepDims ? ' kept' : ''}`,
    inputs: [{ shape, k: 70, offset: 0.25 }],
    attrs: { axes, keep_dims: keepDims },
    expected: (x = []) => [naive.reduce(shape, axes, naive.sum, x)],
  };
}

export const reduceSumCases: OpCases = {
  op: reduceSum,
  cases: [
    ...each(
      [
        [[3, 7, 7, 64], [1, 2], true],
        [[1, 7, 7, 2048], [1, 2], true],
        [[3, 1, 1, 17], [1, 2], false],
        [[2, 3, 4, 5], [], false],
        [[2, 3, 4, 5], [], true],
        [[2, 3, 4, 5], [0, 2], false],
        [[2, 3, 4, 5], [-1], true],
        [[2, 3, 4, 5], [3, 1], false],
        [[70_000], [0], false],
        [[], [], false],
        [[5, 1], [1], false],
        [[0, 3], [1], false],
        [[2, 13, 11, 3], [-3, -2], false],
      ] as const,
      ([shape, axes, keepDims]) => over(shape, axes, keepDims),
    ),
    {
      ...over([2, 2, 2, 2], [1, 2], false),
      name: 'NaN and infinity',
      inputs: [
        {
          shape: [2, 2, 2, 2],
          k: 1,
          special: [
            [0, Number.NaN],
            [9, Number.POSITIVE_INFINITY],
          ],
        },
      ],
    },
    {
      ...over([3, 4], [1], false),
      name: 'float64',
      inputs: [{ shape: [3, 4], dtype: 'float64', k: 70 }],
      tolerance: { relative: 1e-14 },
    },
  ],
};
