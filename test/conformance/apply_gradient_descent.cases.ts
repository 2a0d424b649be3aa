import { applyGradientDescent } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';
import { updateCases } from './optimizer_update.js';

export const applyGradientDescentCases: OpCases = updateCases(
  applyGradientDescent,
  [],
  [0.1],
  [{}],
  ([w = 0], [rate = 0], g) => [w - rate * g],
);
