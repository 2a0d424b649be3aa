import { crop } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

function cropped(shape: readonly number[], pads: readonly number[], more: Partial<Case['inputs'][number]> = {}): Case {
  const out = shape.map((d, i) => d - (pads[2 * i] as number) - (pads[2 * i + 1] as number));
  return {
    name: `[${shape}] less [${pads}]${more.dtype === undefined ? '' : ` ${more.dtype}`}`,
    inputs: [{ shape, k: 7, ...more }],
    attrs: { pads },
    expected: (x = []) => [
      Array.from({ length: naive.count(out) }, (_, flat) => {
        const index = naive.unravel(flat, out);
        return x[shape.reduce((at, d, i) => at * d + (index[i] as number) + (pads[2 * i] as number), 0)] as number;
      }),
    ],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const cropCases: OpCases = {
  op: crop,
  cases: [
    cropped([2, 7, 8, 3], [0, 0, 1, 1, 2, 1, 0, 0]),
    cropped([3, 4, 5], [1, 0, 0, 2, 2, 2]),
    cropped([9], [3, 4]),
    cropped([], []),
    cropped([2, 3], [0, 0, 0, 0]),
    cropped([2, 3], [1, 1, 0, 0]),
    cropped([4, 300, 200], [1, 1, 20, 30, 0, 5]),
    ...each(['float64', 'int8', 'int64', 'bool', 'uint16'] as const, (dtype) =>
      cropped([4, 5], [1, 1, 0, 2], { dtype, scale: 9 }),
    ),
  ],
};
