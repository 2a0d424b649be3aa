import { applyLars } from '../../lib/ops/index.js';
import type { Attrs, OpCases } from './cases.js';
import { type Rule, updateCases } from './optimizer_update.js';

const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

const plain: Rule = () => [];

/** Momentum with a learning rate that the whole variable decides. */
const trusted = (state: readonly (readonly number[])[], gradient: readonly number[], attrs: Attrs): Rule => {
  const {
    momentum,
    weight_decay: decay,
    eeta,
    epsilon,
  } = attrs as Record<string, number> & {
    momentum: number;
    weight_decay: number;
    eeta: number;
    epsilon: number;
  };
  const [w, g] = [norm(state[0] ?? []), norm(gradient)];
  const trust = w > 0 && g > 0 ? (eeta * w) / (g + decay * w + epsilon) : 1;
  return ([value = 0, a = 0], [rate = 0], slope) => {
    const scaled = rate * trust * (slope + decay * value);
    const sum = momentum * a + scaled;
    return [value - (attrs.use_nesterov === true ? scaled + momentum * sum : sum), sum];
  };
};

export const applyLarsCases: OpCases = updateCases(
  applyLars,
  [{}],
  [0.1],
  [
    { momentum: 0.9, weight_decay: 1e-4, eeta: 0.001, epsilon: 0, use_nesterov: false },
    { momentum: 0.9, weight_decay: 0.1, eeta: 0.01, epsilon: 1e-9, use_nesterov: true },
  ],
  plain,
  trusted,
);
