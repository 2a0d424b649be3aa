import type { Tensor } from '../../lib/core/graph.js';
import { cast, select } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, call, fromTensorFlow, type OpCases } from './cases.js';

const chosen = (c: readonly number[] = [], x: readonly number[] = [], y: readonly number[] = []) => [
  c.map((v, i) => (v === 0 ? y[i] : x[i]) as number),
];

const exactly: Pick<Case, 'tolerance' | 'backendTolerance'> = { tolerance: exact, backendTolerance: exact };

export const selectCases: OpCases = {
  op: select,
  cases: [
    ...fromTensorFlow('select', () => ({})),
    {
      name: 'everything but zero is true',
      inputs: [
        { shape: [4], dtype: 'bool', values: [0, 1, 2, 255] },
        { shape: [4], values: [1, 2, 3, 4] },
        { shape: [4], values: [-1, -2, -3, -4] },
      ],
      expected: [[-1, 2, 3, 4]],
      ...exactly,
    },
    {
      name: 'NaN that is not chosen does not show',
      inputs: [
        { shape: [2], dtype: 'bool', values: [1, 0] },
        { shape: [2], values: [1, Number.NaN] },
        { shape: [2], values: [Number.POSITIVE_INFINITY, 2] },
      ],
      expected: [[1, 2]],
      ...exactly,
    },
    {
      name: 'int64',
      inputs: [
        { shape: [2], dtype: 'bool', values: [1, 0] },
        { shape: [2], dtype: 'int64', values: [5, 6] },
        { shape: [2], dtype: 'int64', values: [-5, -6] },
      ],
      expected: [[5, -6]],
      ...exactly,
    },
    {
      name: 'bool between bools, from variables',
      inputs: [
        { shape: [3], dtype: 'bool', values: [1, 0, 1], as: 'variable' },
        { shape: [3], dtype: 'bool', values: [1, 1, 0], as: 'variable' },
        { shape: [3], dtype: 'bool', values: [0, 0, 1], as: 'variable' },
      ],
      expected: [[1, 0, 0]],
      ...exactly,
    },
    {
      name: 'a condition that is computed',
      inputs: [
        { shape: [5], values: [0, 1, 0, -1, 0] },
        { shape: [5], k: 1 },
        { shape: [5], k: 2 },
      ],
      build: ([c, x, y]) => [call(select, [call(cast, [c as Tensor], { dtype: 'bool' }), x as Tensor, y as Tensor])],
      expected: chosen,
      ...exactly,
    },
    {
      name: 'enough for several threads',
      inputs: [
        { shape: [40_001], dtype: 'bool', k: 4, scale: 1.9 },
        { shape: [40_001], k: 5 },
        { shape: [40_001], k: 6 },
      ],
      expected: chosen,
      ...exactly,
    },
    {
      name: 'no elements',
      inputs: [{ shape: [], dtype: 'bool', values: [1] }, { shape: [0, 3] }, { shape: [3] }],
      expected: [[]],
    },
  ],
};
