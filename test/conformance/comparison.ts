/** Cases that equal and not_equal share. */
import { dtypes } from '../../lib/core/dtype.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type InputSpec } from './cases.js';
import * as naive from './naive.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
/** 1, NaN, 0 and -0 as bit patterns. */
const halves = { float16: [0x3c00, 0x7e00, 0, 0x8000], bfloat16: [0x3f80, 0x7fc0, 0, 0x8000] } as const;

/** Every dtype, broadcasting, NaN and zeros, for an op that says whether f(x, y). */
export function comparisonCases(f: (x: number, y: number) => boolean): Case[] {
  const values = (x: readonly number[] = [], y: readonly number[] = []) => [
    x.map((v, i) => Number(f(v, y[i] as number))),
  ];
  const pair = (name: string, x: InputSpec, y: InputSpec, expected: Case['expected'] = values): Case => ({
    name,
    inputs: [x, y],
    expected,
    tolerance: exact,
    backendTolerance: exact,
  });
  const shapes = [
    [[7], [7]],
    [[], []],
    [[2, 3, 4], [4]],
    [
      [1, 3, 1],
      [2, 1, 4],
    ],
    [[40_001], [1]],
    [[0, 4], [4]],
  ] as const;
  const names = Object.keys(dtypes) as (keyof typeof dtypes)[];
  return [
    ...each(shapes, ([x, y]) =>
      pair(
        `[${x}] and [${y}]`,
        { shape: x, dtype: 'int32', k: 11, scale: 3 },
        { shape: y, dtype: 'int32', k: 12, scale: 2 },
        (a = [], b = []) => [naive.broadcast(x, y, (p, q) => Number(f(p, q)))(a, b)],
      ),
    ),
    ...each(
      names.filter((dtype) => !Object.hasOwn(halves, dtype)),
      (dtype) => pair(dtype, { shape: [4], dtype, values: [0, 1, 1, 0] }, { shape: [4], dtype, values: [0, 1, 0, 1] }),
    ),
    ...each(['float16', 'bfloat16'] as const, (dtype) => {
      const [one, none, zero, minus] = halves[dtype];
      return pair(
        dtype,
        { shape: [4], dtype, values: [one, none, zero, one] },
        { shape: [4], dtype, values: [one, none, minus, zero] },
        [[f(1, 1), f(nan, nan), f(0, -0), f(1, 0)].map(Number)],
      );
    }),
    pair(
      'NaN, infinities and zeros',
      { shape: [5], values: [nan, inf, inf, -0, 1] },
      { shape: [5], values: [nan, inf, -inf, 0, nan] },
    ),
    pair(
      'int64 beyond the integers of a double',
      { shape: [1], dtype: 'int64', values: [2 ** 53] },
      { shape: [1], dtype: 'int64', values: [2 ** 53 + 2] },
    ),
    pair(
      'all that is not 0 is true',
      { shape: [3], dtype: 'bool', values: [1, 2, 0] },
      { shape: [3], dtype: 'bool', values: [2, 2, 3] },
      [[f(1, 1), f(1, 1), f(0, 1)].map(Number)],
    ),
  ];
}
