import type { DType } from '../../lib/core/dtype.js';
import { currentGraph, type Tensor } from '../../lib/core/graph.js';
import { add, constant as constantOp } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { constant } from '../helpers/run.js';
import { type Case, call, each, f32, type OpCases } from './cases.js';
import * as naive from './naive.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function filled(dtype: DType, shape: readonly number[], values: readonly number[], expected: readonly number[]): Case {
  return {
    name: `${dtype}[${shape}] of ${values.length} values: ${values.slice(0, 4).join(' ')}`,
    inputs: [],
    build: () => [constant(currentGraph(), dtype, shape, values)],
    expected: [expected],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const constantCases: OpCases = {
  op: constantOp,
  cases: [
    filled('float32', [3], [123.68, 116.78, 103.94], [123.68, 116.78, 103.94].map(f32)),
    filled('float32', [2, 3], [0.1], new Array(6).fill(f32(0.1))),
    filled('float32', [4], [nan, inf, -inf, -0], [nan, inf, -inf, 0]),
    filled('float64', [], [0.1], [0.1]),
    filled('int32', [2], [7, -7], [7, -7]),
    filled('int64', [2], [2 ** 40, -1], [2 ** 40, -1]),
    filled('uint8', [2], [0, 255], [0, 255]),
    filled('bool', [2], [0, 1], [0, 1]),
    filled('float32', [0], [], []),
    ...each([[2, 3]], (shape) => ({
      name: 'added to an input',
      inputs: [{ shape, k: 1 }],
      build: ([x]: readonly Tensor[]) => [
        call(add, [x as Tensor, constant(currentGraph(), 'float32', [3], [1, 2, 3])]),
      ],
      expected: (x: readonly number[] = []) => [naive.addBias(x, [1, 2, 3])],
    })),
    {
      name: 'computed from constants alone',
      inputs: [],
      build: () => [
        call(add, [constant(currentGraph(), 'float32', [2], [1, 2]), constant(currentGraph(), 'float32', [], [10])]),
      ],
      expected: [[11, 12]],
    },
  ],
};
