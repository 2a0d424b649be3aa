import { pad } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';

function padded(shape: readonly number[], pads: readonly number[]): Case {
  const out = shape.map((d, i) => d + (pads[2 * i] as number) + (pads[2 * i + 1] as number));
  return {
    name: `[${shape}] by [${pads}]`,
    inputs: [{ shape, k: 80, offset: 2 }],
    attrs: { pads },
    expected: (x = []) => [
      Array.from({ length: naive.count(out) }, (_, flat) => {
        const at = naive.unravel(flat, out).map((v, i) => v - (pads[2 * i] as number));
        const inside = at.every((v, i) => v >= 0 && v < (shape[i] as number));
        return inside ? (x[at.reduce((f, v, i) => f * (shape[i] as number) + v, 0)] as number) : 0;
      }),
    ],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const padCases: OpCases = {
  op: pad,
  cases: [
    ...fromTensorFlow('pad', ({ paddings }) => ({ pads: (paddings as number[][]).flat() })),
    ...each(
      [
        [
          [3, 5, 7, 17],
          [0, 0, 1, 2, 3, 0, 0, 0],
        ],
        [[4], [2, 3]],
        [[], []],
        [
          [2, 3],
          [0, 0, 0, 0],
        ],
        [
          [2, 3],
          [1, 0, 0, 2],
        ],
        [
          [0, 3],
          [1, 1, 0, 1],
        ],
        [
          [2, 0],
          [0, 0, 2, 1],
        ],
        [
          [1, 2, 1, 2, 1, 2, 1, 2],
          [1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0],
        ],
      ] as const,
      ([shape, pads]) => padded(shape, pads),
    ),
    {
      ...padded([2, 2], [1, 1, 1, 1]),
      name: 'int64',
      inputs: [{ shape: [2, 2], dtype: 'int64', values: [1, -2, 3, 4] }],
    },
    {
      ...padded([2, 3], [0, 1, 1, 0]),
      name: 'uint8',
      inputs: [{ shape: [2, 3], dtype: 'uint8', values: [1, 2, 3, 4, 5, 255] }],
    },
    { ...padded([2], [1, 1]), name: 'NaN', inputs: [{ shape: [2], values: [Number.NaN, 1] }] },
  ],
};
