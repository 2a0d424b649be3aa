import { applyFtrl } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyFtrlCases: OpCases = updateCases(
  applyFtrl,
  [{ scale: 0.1, offset: 0.2 }, {}],
  [0.1],
  [
    { learning_rate_power: -0.5, l1: 0, l2: 0, l2_shrinkage: 0 },
    { learning_rate_power: -0.5, l1: 0.4, l2: 0.01, l2_shrinkage: 0.1 },
    { learning_rate_power: 0, l1: 0.1, l2: 0, l2_shrinkage: 0 },
  ],
  ([w = 0, n = 0, z = 0], [rate = 0], g, a) => {
    const {
      learning_rate_power: p,
      l1,
      l2,
      l2_shrinkage: shrinkage,
    } = a as Record<string, number> & {
      learning_rate_power: number;
      l1: number;
      l2: number;
      l2_shrinkage: number;
    };
    const grown = n + g * g;
    const linear = z + g + 2 * shrinkage * w - ((grown ** -p - n ** -p) / rate) * w;
    const quadratic = grown ** -p / rate + 2 * l2;
    return [Math.abs(linear) > l1 ? (Math.sign(linear) * l1 - linear) / quadratic : 0, grown, linear];
  },
);
