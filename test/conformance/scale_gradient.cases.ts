import type { Tensor } from '../../lib/core/graph.js';
import { relu, scaleGradient } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { call, type OpCases } from './cases.js';
import * as naive from './naive.js';

const same = (x: readonly number[] = []) => [x];

export const scaleGradientCases: OpCases = {
  op: scaleGradient,
  gradientDiffers: 'it is multiplied on its way back',
  cases: [
    { name: 'an input', inputs: [{ shape: [2, 3], k: 1 }], attrs: { factor: 0.1 }, expected: same, tolerance: exact },
    {
      name: 'a variable',
      inputs: [{ shape: [4], k: 2, as: 'variable' }],
      attrs: { factor: -2 },
      expected: same,
      tolerance: exact,
    },
    {
      name: 'between two steps',
      inputs: [{ shape: [5, 7], k: 3 }],
      build: ([x]) => [call(relu, [call(scaleGradient, [call(relu, [x as Tensor])], { factor: 0 })])],
      expected: (x = []) => [x.map(naive.relu)],
      tolerance: exact,
    },
  ],
};
