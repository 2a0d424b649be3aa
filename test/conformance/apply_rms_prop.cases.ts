import { applyRmsProp } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyRmsPropCases: OpCases = updateCases(
  applyRmsProp,
  [{ scale: 0.5, offset: 1 }, { scale: 0.1 }],
  [0.1],
  [
    { decay: 0.9, momentum: 0.9, epsilon: 1 },
    { decay: 0.9, momentum: 0, epsilon: 1e-10 },
  ],
  ([w = 0, ms = 0, mom = 0], [rate = 0], g, a) => {
    const { decay, momentum, epsilon } = a as { decay: number; momentum: number; epsilon: number };
    const square = decay * ms + (1 - decay) * g * g;
    const moved = momentum * mom + (rate * g) / Math.sqrt(square + epsilon);
    return [w - moved, square, moved];
  },
);
