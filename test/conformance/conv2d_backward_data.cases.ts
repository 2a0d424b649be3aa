import { conv2dBackwardData } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { conv2dBackwardCases } from './conv2d_backward.js';
import * as naive from './naive.js';

export const conv2dBackwardDataCases: OpCases = {
  op: conv2dBackwardData,
  cases: conv2dBackwardCases('conv2d_backward_data', (x, filter, window, [, weights = [], dy = []]) =>
    naive.conv2dBackwardData(x, filter, window, weights, dy),
  ),
};
