/** Cases that the rectifiers share. */
import type { Case } from './cases.js';

/** Sizes, float64, special values, and what is refused, for an op that applies `f` to each element. */
export function rectifierCases(f: (x: number) => number): Case[] {
  const expected = (x: readonly number[]) => [x.map(f)];
  return [
    { name: 'vector', inputs: [{ shape: [37], k: 1, scale: 9 }], expected },
    { name: 'scalar', inputs: [{ shape: [], k: 2, scale: 9 }], expected },
    { name: 'image', inputs: [{ shape: [3, 5, 7, 17], k: 3, scale: 9 }], expected },
    { name: 'enough for several threads', inputs: [{ shape: [40_001], k: 4, scale: 9 }], expected },
    { name: 'no elements', inputs: [{ shape: [0, 4] }], expected },
    {
      name: 'float64',
      inputs: [{ shape: [11], dtype: 'float64', k: 5, scale: 9 }],
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
  ];
}
