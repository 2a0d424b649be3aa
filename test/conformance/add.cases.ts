import type { Tensor } from '../../lib/core/graph.js';
import { add, relu, relu6 } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import { call, type OpCases } from './cases.js';
import * as naive from './naive.js';

export const addCases: OpCases = {
  op: add,
  cases: [
    ...binaryCases('+', (x, y) => x + y),
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
