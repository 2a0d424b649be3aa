import { avgPool2dBackward } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { poolBackwardCases } from './pooling_backward.js';

export const avgPool2dBackwardCases: OpCases = {
  op: avgPool2dBackward,
  cases: poolBackwardCases('avg_pool2d_backward', (values) => values.map(() => 1 / values.length)),
};
