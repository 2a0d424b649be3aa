import { applyAdagrad } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyAdagradCases: OpCases = updateCases(
  applyAdagrad,
  [{ scale: 0.1, offset: 0.2 }],
  [0.1],
  [{}],
  ([w = 0, a = 0], [rate = 0], g) => {
    const sum = a + g * g;
    return [w - (rate * g) / Math.sqrt(sum), sum];
  },
);
