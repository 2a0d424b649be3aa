/** Cases that all elementwise ops of two inputs share. */
import { type Case, each } from './cases.js';
import * as naive from './naive.js';

type Binary = (x: number, y: number) => number;

const shapes: (readonly [readonly number[], readonly number[]])[] = [
  [[7], [7]],
  [[], []],
  [[2, 3, 4], [4]],
  [[4], [2, 3, 4]],
  [[2, 3, 4], []],
  [
    [1, 3, 1],
    [2, 1, 4],
  ],
  [
    [5, 1],
    [1, 6],
  ],
  [
    [3, 5, 5, 17],
    [3, 5, 5, 17],
  ],
  [
    [2, 8, 8, 3],
    [1, 1, 1, 3],
  ],
  [
    [2, 8, 8, 3],
    [2, 1, 1, 3],
  ],
  [
    [40, 33, 33],
    [40, 33, 33],
  ],
  [[0, 4], [4]],
  [
    [3, 0],
    [3, 1],
  ],
];

const refusedIntegers: Case = {
  name: 'int32',
  inputs: [
    { shape: [2], dtype: 'int32', scale: 9 },
    { shape: [2], dtype: 'int32', scale: 9 },
  ],
  refused: 'received int32[2]',
};

function pair(sign: string, f: Binary, x: readonly number[], y: readonly number[]): Case {
  return {
    name: `[${x}] ${sign} [${y}]`,
    inputs: [
      { shape: x, k: 11, scale: 3 },
      { shape: y, k: 12, scale: 2 },
    ],
    expected: (a, b) => [naive.broadcast(x, y, f)(a, b)],
  };
}

/**
 * Broadcasting, float64, NaN and infinities, and, of ops that take integers, that backends refuse them. `sign` stands between the shapes
 * in the names.
 */
export function binaryCases(sign: string, f: Binary, integers = true): Case[] {
  return [
    ...each(shapes, ([x, y]) => pair(sign, f, x, y)),
    {
      ...pair(sign, f, [6], [6]),
      name: 'float64',
      inputs: [
        { shape: [6], dtype: 'float64', k: 1 },
        { shape: [6], dtype: 'float64', k: 2 },
      ],
      tolerance: { relative: 1e-14 },
    },
    {
      name: 'NaN and infinities',
      inputs: [
        {
          shape: [4],
          values: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
        },
        { shape: [4], values: [1, 1, 2, Number.NEGATIVE_INFINITY] },
      ],
      expected: (a, b) => [a.map((v, i) => f(v, b[i] as number))],
    },
    ...(integers ? [refusedIntegers] : []),
  ];
}
