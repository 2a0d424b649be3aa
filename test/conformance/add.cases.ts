import type { Tensor } from '../../lib/core/graph.js';
import { add, relu, relu6 } from '../../lib/ops/index.js';
import { type Case, call, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

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

function pair(x: readonly number[], y: readonly number[]): Case {
  return {
    name: `[${x}] + [${y}]`,
    inputs: [
      { shape: x, k: 11, scale: 3 },
      { shape: y, k: 12, scale: 2 },
    ],
    expected: (a, b) => [naive.broadcast(x, y, (p, q) => p + q)(a, b)],
  };
}

export const addCases: OpCases = {
  op: add,
  cases: [
    ...each(shapes, ([x, y]) => pair(x, y)),
    {
      ...pair([6], [6]),
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
      expected: (a, b) => [a.map((v, i) => v + (b[i] as number))],
    },
    {
      name: 'int32',
      inputs: [
        { shape: [2], dtype: 'int32', scale: 9 },
        { shape: [2], dtype: 'int32', scale: 9 },
      ],
      refused: 'received int32[2]',
    },
    {
      name: 'add, relu: one step',
      inputs: [
        { shape: [2, 5, 5, 17], k: 1 },
        { shape: [2, 5, 5, 17], k: 2 },
      ],
      build: ([x, y]) => [call(relu, [call(add, [x as Tensor, y as Tensor])])],
      expected: (a, b) => [a.map((v, i) => naive.relu(v + (b[i] as number)))],
    },
    {
      name: 'add, relu6: one step',
      inputs: [
        { shape: [3, 40], k: 1, scale: 5 },
        { shape: [3, 40], k: 2, scale: 5 },
      ],
      build: ([x, y]) => [call(relu6, [call(add, [x as Tensor, y as Tensor])])],
      expected: (a, b) => [a.map((v, i) => naive.relu6(v + (b[i] as number)))],
    },
    {
      name: 'add, relu: the sum is wanted as well',
      inputs: [
        { shape: [4, 9], k: 1 },
        { shape: [9], k: 2 },
      ],
      build: ([x, y]) => {
        const z = call(add, [x as Tensor, y as Tensor]);
        return [z, call(relu, [z])];
      },
      expected: (a, b) => [naive.addBias(a, b), naive.addBias(a, b).map(naive.relu)],
    },
    {
      name: 'a value and itself',
      inputs: [{ shape: [4, 9], k: 1 }],
      build: ([x]) => [call(add, [x as Tensor, x as Tensor])],
      expected: (a) => [a.map((v) => v + v)],
    },
  ],
};
