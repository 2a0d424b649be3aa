import type { DType } from '../../lib/core/dtype.js';
import { oneHot } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { each, f32, fromTensorFlow, type OpCases } from './cases.js';

const on = { on_value: 1, off_value: 0 };
const rows = (indices: readonly number[], depth: number) =>
  indices.flatMap((index) => Array.from({ length: depth }, (_, i) => Number(i === index)));

export const oneHotCases: OpCases = {
  op: oneHot,
  cases: [
    ...fromTensorFlow('one_hot', ({ depth, onValue, offValue }) => ({
      depth: depth as number,
      on_value: onValue as number,
      off_value: offValue as number,
    })),
    ...each(['int8', 'int16', 'int64', 'uint16', 'uint32', 'uint64'] satisfies DType[], (dtype) => ({
      name: dtype,
      inputs: [{ shape: [4], dtype, values: [2, 0, 5, 1] }],
      attrs: { depth: 3, ...on },
      expected: [rows([2, 0, 5, 1], 3)],
      tolerance: exact,
    })),
    {
      name: 'the smallest and the largest index there is',
      inputs: [{ shape: [3], dtype: 'int32', values: [-2147483648, 2147483647, 0] }],
      attrs: { depth: 2, ...on },
      expected: [[0, 0, 0, 0, 1, 0]],
      tolerance: exact,
    },
    {
      name: 'no classes',
      inputs: [{ shape: [3], dtype: 'int32', values: [0, 1, 2] }],
      attrs: { depth: 0, ...on },
      expected: [[]],
    },
    { name: 'no indices', inputs: [{ shape: [0], dtype: 'int32' }], attrs: { depth: 4, ...on }, expected: [[]] },
    {
      name: 'smoothed labels',
      inputs: [{ shape: [2], dtype: 'int32', values: [1, 3] }],
      attrs: { depth: 3, on_value: 0.9, off_value: 0.1 / 3 },
      expected: [[0.1 / 3, 0.9, 0.1 / 3, 0.1 / 3, 0.1 / 3, 0.1 / 3].map(f32)],
      tolerance: exact,
    },
    {
      name: 'enough for several threads',
      inputs: [{ shape: [5000], dtype: 'int32', k: 3, scale: 8, offset: 4 }],
      attrs: { depth: 9, ...on },
      expected: (indices = []) => [rows(indices, 9)],
      tolerance: exact,
    },
  ],
};
