import type { Tensor } from '../../lib/core/graph.js';
import { input } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type OpCases } from './cases.js';

const through: Pick<Case, 'build' | 'tolerance' | 'backendTolerance'> = {
  build: (inputs) => inputs,
  tolerance: exact,
  backendTolerance: exact,
};

export const inputCases: OpCases = {
  op: input,
  cases: [
    ...each([[], [0], [7], [3, 5, 7, 17]], (shape) => ({
      ...through,
      name: `[${shape}] comes out as it went in`,
      inputs: [{ shape, k: 1 }],
      expected: (x: readonly number[] = []) => [x],
    })),
    ...each(
      [
        'float64',
        'int8',
        'int16',
        'int32',
        'int64',
        'uint8',
        'uint16',
        'uint32',
        'uint64',
        'bool',
        'float16',
        'bfloat16',
      ] as const,
      (dtype) => ({
        ...through,
        name: dtype,
        inputs: [{ shape: [3], dtype, values: [0, 1, 100] }],
        expected: [[0, 1, 100]],
      }),
    ),
    {
      ...through,
      name: 'one input under two names',
      inputs: [{ shape: [2], k: 1 }],
      build: ([x]) => [x as Tensor, x as Tensor],
      expected: (x = []) => [x, x],
    },
    {
      ...through,
      name: 'two inputs keep their order',
      inputs: [
        { shape: [2], k: 1 },
        { shape: [2], k: 2 },
      ],
      build: ([x, y]) => [y as Tensor, x as Tensor],
      expected: (x = [], y = []) => [y, x],
    },
  ],
};
