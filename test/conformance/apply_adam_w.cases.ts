import { applyAdamW } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyAdamWCases: OpCases = updateCases(
  applyAdamW,
  [{ scale: 0.1 }, { scale: 0.1, offset: 0.1 }],
  [0.9 ** 3, 0.999 ** 3, 0.1],
  [
    { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 },
    { beta1: 0.9, beta2: 0.999, epsilon: 1, weight_decay: 0 },
  ],
  ([w = 0, m = 0, v = 0], [power1 = 0, power2 = 0, rate = 0], g, a) => {
    const {
      beta1,
      beta2,
      epsilon,
      weight_decay: decay,
    } = a as { beta1: number; beta2: number; epsilon: number; weight_decay: number };
    const [first, second] = [beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g];
    const step = (rate * Math.sqrt(1 - power2)) / (1 - power1);
    return [w * (1 - rate * decay) - (step * first) / (Math.sqrt(second) + epsilon), first, second];
  },
);
