import { broadcastTo } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, type OpCases } from './cases.js';
import * as naive from './naive.js';

function stretched(from: readonly number[], to: readonly number[], dtype?: 'float64' | 'int32' | 'bool'): Case {
  const type = dtype === undefined ? {} : { dtype };
  return {
    name: `[${from}] to [${to}]${dtype === undefined ? '' : ` ${dtype}`}`,
    inputs: [
      { shape: from, k: 5, scale: 9, ...type },
      { shape: to, k: 6, ...type },
    ],
    expected: (x = [], like = []) => [naive.broadcast(from, to, (value) => value)(x, like)],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const broadcastToCases: OpCases = {
  op: broadcastTo,
  cases: [
    stretched([], [2, 3]),
    stretched([4], [2, 3, 4]),
    stretched([2, 1, 4], [2, 3, 4]),
    stretched([2, 1, 1, 3], [2, 5, 7, 3]),
    stretched([1], [40_001]),
    stretched([3, 1], [3, 200]),
    stretched([2, 3], [2, 3]),
    stretched([1, 1], [0, 4]),
    stretched([1], [3, 0]),
    ...each(['float64', 'int32', 'bool'] as const, (dtype) => stretched([3, 1], [2, 3, 2], dtype)),
  ],
};
