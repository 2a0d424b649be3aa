import { sqrt } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

const expected = (x: readonly number[] = []) => [x.map((v) => Math.sqrt(v))];

export const sqrtCases: OpCases = {
  op: sqrt,
  cases: [
    { name: 'vector', inputs: [{ shape: [37], k: 1, scale: 2, offset: 2.5 }], expected },
    { name: 'scalar', inputs: [{ shape: [], k: 2, scale: 2, offset: 2.5 }], expected },
    { name: 'enough for several threads', inputs: [{ shape: [40_001], k: 4, scale: 2, offset: 2.5 }], expected },
    { name: 'no elements', inputs: [{ shape: [0, 4] }], expected },
    {
      name: 'float64',
      inputs: [{ shape: [11], dtype: 'float64', k: 5, scale: 2, offset: 2.5 }],
      expected,
      tolerance: { relative: 1e-14 },
    },
    {
      name: 'special values',
      inputs: [{ shape: [5], values: [Number.NaN, Number.POSITIVE_INFINITY, -1.5, 0, 2] }],
      expected,
    },
  ],
};
