import { rsqrt } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

const expected = (x: readonly number[]) => [x.map((x) => 1 / Math.sqrt(x))];

export const rsqrtCases: OpCases = {
  op: rsqrt,
  cases: [
    { name: 'vector', inputs: [{ shape: [37], k: 1, scale: 2, offset: 2.5 }], expected },
    { name: 'scalar', inputs: [{ shape: [], k: 2, scale: 2, offset: 2.5 }], expected },
    { name: 'image', inputs: [{ shape: [3, 5, 7, 17], k: 3, scale: 2, offset: 2.5 }], expected },
    { name: 'enough for several threads', inputs: [{ shape: [40_001], k: 4, scale: 2, offset: 2.5 }], expected },
    { name: 'no elements', inputs: [{ shape: [0, 4] }], expected },
    {
      name: 'float64',
      inputs: [{ shape: [11], dtype: 'float64', k: 5, scale: 2, offset: 2.5 }],
      expected,
      tolerance: { relative: 1e-14 },
    },
    {
      name: 'NaN, infinities and zeros',
      inputs: [{ shape: [5], values: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1] }],
      expected,
    },
    {
      name: 'bfloat16',
      inputs: [{ shape: [2], dtype: 'bfloat16', values: [0x3f80, 0x4000] }],
      refused: 'received bfloat16[2]',
    },
  ],
};
