import { conv2dBackwardFilter } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { conv2dBackwardCases } from './conv2d_backward.js';
import * as naive from './naive.js';

export const conv2dBackwardFilterCases: OpCases = {
  op: conv2dBackwardFilter,
  cases: conv2dBackwardCases('conv2d_backward_filter', (x, filter, window, [image = [], , dy = []]) =>
    naive.conv2dBackwardFilter(x, filter, window, image, dy),
  ),
};
