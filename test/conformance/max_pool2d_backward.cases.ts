import { maxPool2dBackward } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { poolBackward, poolBackwardCases } from './pooling_backward.js';

const { NaN: nan, NEGATIVE_INFINITY: least } = Number;

/** All of it to the first of the largest; a NaN counts as the largest. */
const first = (values: readonly number[]) => {
  const largest = Math.max(...values);
  const winner = values.findIndex((value) => Object.is(value, largest) || value === largest);
  return values.map((_, i) => Number(i === winner));
};
const window = { ksize: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] };
const overlapping = { ksize: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] };

export const maxPool2dBackwardCases: OpCases = {
  op: maxPool2dBackward,
  cases: [
    ...poolBackwardCases('max_pool2d_backward', first),
    {
      ...poolBackward([1, 4, 4, 1], window, first, [1, 1, 0, 2, 1, 1, 2, 0, 0, -0, 3, 3, -0, 0, 1, 3]),
      name: 'the first of equals in row-major order gets it',
    },
    {
      ...poolBackward(
        [1, 5, 5, 3],
        overlapping,
        first,
        Array.from({ length: 75 }, (_, i) => (i * i) % 3),
      ),
      name: 'windows that share the first of equals add up there',
    },
    {
      ...poolBackward([1, 2, 2, 2], overlapping, first, new Array(8).fill(least)),
      name: 'pads lose against minus infinity',
    },
    {
      ...poolBackward([1, 4, 4, 1], window, first, [nan, 9, 0, nan, 9, nan, 1, nan, 0, 1, 2, 3, 4, 5, nan, 6]),
      name: 'the first NaN of a window gets it',
    },
  ],
};
