import { avgPool2d } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';
import { pool, poolAttrs, poolCases } from './pooling.js';

export const avgPool2dCases: OpCases = {
  op: avgPool2d,
  cases: [
    ...fromTensorFlow('avg_pool2d', poolAttrs),
    ...poolCases(naive.mean),
    {
      ...pool([1, 4, 4, 1], { ksize: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }, naive.mean),
      name: 'NaN and infinity stay in their windows',
      inputs: [
        {
          shape: [1, 4, 4, 1],
          k: 20,
          special: [
            [0, Number.NaN],
            [15, Number.POSITIVE_INFINITY],
          ],
        },
      ],
    },
  ],
};
