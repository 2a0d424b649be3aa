import { size } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { each, type OpCases } from './cases.js';

export const sizeCases: OpCases = {
  op: size,
  cases: each(
    [
      [[], 'float32'],
      [[7], 'int64'],
      [[2, 3, 4], 'float16'],
      [[0, 5], 'bool'],
    ] as const,
    ([shape, dtype]) => ({
      name: `${dtype} [${shape}]`,
      inputs: [{ shape, dtype }],
      expected: (x = []) => [[x.length]],
      tolerance: exact,
      backendTolerance: exact,
    }),
  ),
};
