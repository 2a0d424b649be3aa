import type { Tensor } from '../../lib/core/graph.js';
import { maxPool2d, relu } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { call, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';
import { pool, poolAttrs, poolCases } from './pooling.js';

/** The largest value; NaN wins. */
const largest = (values: readonly number[]) => Math.max(...values);

export const maxPool2dCases: OpCases = {
  op: maxPool2d,
  cases: [
    ...fromTensorFlow('max_pool2d', poolAttrs).map((c) => ({ ...c, tolerance: exact, backendTolerance: exact })),
    ...poolCases(largest).map((c) => ({ ...c, tolerance: exact, backendTolerance: exact })),
    {
      ...pool([1, 4, 4, 1], { ksize: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }, largest),
      name: 'NaN wins its windows',
      inputs: [
        {
          shape: [1, 4, 4, 1],
          k: 20,
          special: [
            [0, Number.NaN],
            [15, Number.NaN],
            [3, Number.NEGATIVE_INFINITY],
          ],
        },
      ],
    },
    {
      ...pool([1, 2, 2, 2], { ksize: [2, 2], strides: [1, 1], pads: [1, 1, 1, 1] }, largest),
      name: 'pads lose against minus infinity',
      inputs: [{ shape: [1, 2, 2, 2], values: new Array(8).fill(Number.NEGATIVE_INFINITY) }],
      tolerance: exact,
    },
    {
      ...pool([2, 9, 9, 17], { ksize: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0] }, largest),
      name: 'subsampling between two readers',
      attrs: {},
      build: ([x]) => {
        const y = call(relu, [x as Tensor]);
        return [call(maxPool2d, [y], { ksize: [1, 1], strides: [2, 2], padding: 'SAME', pads: [0, 0, 0, 0] }), y];
      },
      expected: (x = []) => {
        const y = x.map(naive.relu);
        return [naive.pool2d([2, 9, 9, 17], { ksize: [1, 1], strides: [2, 2], pads: [0, 0, 0, 0] }, largest, y), y];
      },
    },
  ],
};
