import type { DType } from '../../lib/core/dtype.js';
import { pick } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';

function picked(rows: readonly number[], size: number, index: readonly number[], dtype: DType = 'int32'): Case {
  return {
    name: `[${[...rows, size]}] by ${dtype}`,
    inputs: [
      { shape: [...rows, size], k: 1, scale: 9 },
      { shape: rows, dtype, values: index },
    ],
    expected: (x = [], i = []) => [i.map((at, row) => x[row * size + at] as number)],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const pickCases: OpCases = {
  op: pick,
  cases: [
    ...fromTensorFlow('pick', () => ({})),
    ...each(['int8', 'int16', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const, (dtype) =>
      picked([3], 4, [3, 0, 2], dtype),
    ),
    picked([], 5, [4]),
    picked([2, 2, 1], 3, [0, 1, 2, 0]),
    picked([0], 3, []),
    {
      ...picked([2], 3, [2, 1]),
      name: 'float64, NaN beside it',
      inputs: [
        { shape: [2, 3], dtype: 'float64', values: [Number.NaN, 1, 2, 3, 4, Number.NaN] },
        { shape: [2], dtype: 'int32', values: [2, 1] },
      ],
      expected: [[2, 4]],
    },
    ...each([-1, 3], (wrong): Case => {
      const { inputs } = picked([2], 3, [0, wrong]);
      return { name: `no element ${wrong}`, inputs, fails: `index: element 1: expected 0 to 2, received ${wrong}.` };
    }),
  ],
};
