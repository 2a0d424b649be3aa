import { sumTo } from '../../lib/ops/index.js';
import type { Case, OpCases } from './cases.js';
import * as naive from './naive.js';

function summed(from: readonly number[], to: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Case {
  const more = from.length - to.length;
  const axes = from.flatMap((d, i) => (i < more || (to[i - more] === 1 && d !== 1) ? [i] : []));
  return {
    name: `[${from}] to [${to}]${dtype === 'float32' ? '' : ` ${dtype}`}`,
    inputs: [
      { shape: from, dtype, k: 5, scale: 3 },
      { shape: to, dtype, k: 6 },
    ],
    // Without axes, naive.reduce takes all of them.
    expected: (x = []) => [axes.length === 0 ? x : naive.reduce(from, axes, naive.sum, x)],
    ...(dtype === 'float64' ? { tolerance: { relative: 1e-13 } } : {}),
  };
}

export const sumToCases: OpCases = {
  op: sumTo,
  cases: [
    summed([2, 3], []),
    summed([2, 3, 4], [4]),
    summed([2, 3, 4], [2, 1, 4]),
    summed([2, 5, 7, 3], [2, 1, 1, 3]),
    summed([3, 200], [3, 1]),
    summed([1, 1, 5], [5]),
    summed([2, 3], [2, 3]),
    summed([40_001], [1]),
    summed([0, 4], [4]),
    summed([0, 4], [0, 1]),
    summed([2, 3, 2], [3, 1], 'float64'),
  ],
};
