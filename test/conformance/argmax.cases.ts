import { argmax } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

/** The first NaN, else the first of the largest. */
export function firstLargest(values: readonly number[]): number {
  const nan = values.findIndex(Number.isNaN);
  return nan >= 0 ? nan : values.indexOf(Math.max(...values));
}

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function along(shape: readonly number[], axis: number): Case {
  return {
    name: `[${shape}] axis ${axis}`,
    inputs: [{ shape, k: 7 }],
    attrs: { axis },
    expected: (x) => [naive.reduce(shape, [axis], firstLargest, x as number[])],
    tolerance: exact,
    backendTolerance: exact,
  } as Case;
}

export const argmaxCases: OpCases = {
  op: argmax,
  cases: [
    ...fromTensorFlow('argmax', ({ axis }) => ({ axis: axis as number })).map((c) => ({
      ...c,
      tolerance: exact,
      backendTolerance: exact,
    })),
    ...each(
      [
        [[9], 0],
        [[3, 1000], 1],
        [[3, 5, 7], 0],
        [[3, 5, 7], 1],
        [[3, 5, 7], -1],
        [[2, 3, 3, 17], 3],
        [[0, 4], 1],
      ] as const,
      ([shape, axis]) => along(shape, axis),
    ),
    {
      ...along([2, 4], 1),
      name: 'NaN counts as the largest, the first one wins',
      inputs: [{ shape: [2, 4], values: [1, nan, inf, nan, -inf, -inf, 3, 3] }],
    },
    {
      ...along([4, 2], 0),
      name: 'down the columns with NaN',
      inputs: [{ shape: [4, 2], values: [1, nan, 5, 9, nan, 9, 7, nan] }],
    },
    { ...along([3, 4], 1), name: 'float64', inputs: [{ shape: [3, 4], dtype: 'float64', k: 7 }] },
  ],
};
