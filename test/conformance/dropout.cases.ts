import { dropout } from '../../lib/ops/index.js';
import { philoxUniform } from '../helpers/philox.js';
import { type Case, each, type OpCases } from './cases.js';

function dropped(shape: readonly number[], keep: number, seed: number): Case {
  return {
    name: `[${shape}] keep ${keep} seed ${seed}`,
    inputs: [{ shape, k: 4, offset: 2 }],
    attrs: { keep_prob: keep, seed },
    expected: (x = []) => [x.map((v, i) => (philoxUniform(seed, 0, i) < keep ? v / keep : 0))],
    // The mask is the same everywhere; only v / keep may round differently.
    backendTolerance: { relative: 1e-6 },
  };
}

export const dropoutCases: OpCases = {
  op: dropout,
  cases: [
    ...each(
      [
        [[7], 0.5, 1],
        [[1], 0.5, 0],
        [[3, 1001], 0.8, 7],
        [[2, 3, 5, 17], 0.1, 4294967295],
        [[], 0.5, 3],
        [[0, 3], 0.5, 3],
      ] as const,
      ([shape, keep, seed]) => dropped(shape, keep, seed),
    ),
    { ...dropped([40], 1, 5), name: 'keep 1 changes nothing', expected: (x = []) => [x] },
    { ...dropped([30_000], 0.5, 11), name: 'the mask does not depend on the number of threads' },
    {
      ...dropped([9], 0.5, 2),
      name: 'float64',
      inputs: [{ shape: [9], dtype: 'float64', k: 4 }],
      tolerance: { relative: 1e-14 },
    },
  ],
};
