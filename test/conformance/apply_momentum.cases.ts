import { applyMomentum } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyMomentumCases: OpCases = updateCases(
  applyMomentum,
  [{}],
  [0.1],
  [
    { momentum: 0.9, use_nesterov: false },
    { momentum: 0.9, use_nesterov: true },
    { momentum: 0, use_nesterov: false },
  ],
  ([w = 0, a = 0], [rate = 0], g, { momentum, use_nesterov: nesterov }) => {
    const sum = (momentum as number) * a + g;
    return [w - rate * (nesterov === true ? g + (momentum as number) * sum : sum), sum];
  },
);
