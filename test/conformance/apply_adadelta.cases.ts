import { applyAdadelta } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyAdadeltaCases: OpCases = updateCases(
  applyAdadelta,
  [
    { scale: 0.1, offset: 0.1 },
    { scale: 0.1, offset: 0.1 },
  ],
  [0.1],
  [
    { rho: 0.95, epsilon: 1 },
    { rho: 0.95, epsilon: 1e-8 },
  ],
  ([w = 0, a = 0, d = 0], [rate = 0], g, attrs) => {
    const { rho, epsilon } = attrs as { rho: number; epsilon: number };
    const sum = rho * a + (1 - rho) * g * g;
    const update = (g * Math.sqrt(d + epsilon)) / Math.sqrt(sum + epsilon);
    return [w - rate * update, sum, rho * d + (1 - rho) * update * update];
  },
);
