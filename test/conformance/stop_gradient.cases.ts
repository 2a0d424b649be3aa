import type { Tensor } from '../../lib/core/graph.js';
import { mul, stopGradient } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { call, type OpCases } from './cases.js';

const same = (x: readonly number[] = []) => [x];

export const stopGradientCases: OpCases = {
  op: stopGradient,
  cases: [
    { name: 'an input', inputs: [{ shape: [2, 3], k: 1 }], expected: same, tolerance: exact },
    { name: 'integers', inputs: [{ shape: [3], dtype: 'int32', scale: 9 }], expected: same, tolerance: exact },
    {
      name: 'between two steps',
      inputs: [{ shape: [5], k: 3 }],
      build: ([x]) => [call(mul, [call(stopGradient, [call(mul, [x as Tensor, x as Tensor])]), x as Tensor])],
      expected: (x = []) => [x.map((v) => v ** 3)],
    },
  ],
};
