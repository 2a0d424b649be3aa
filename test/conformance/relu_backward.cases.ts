import { reluBackward } from '../../lib/ops/index.js';
import { exact } from '../helpers/compare.js';
import { type Case, each, fromTensorFlow, type InputSpec, type OpCases } from './cases.js';

const { POSITIVE_INFINITY: inf } = Number;

function passed(name: string, limit: number, y: InputSpec, dy: InputSpec): Case {
  return {
    name,
    inputs: [y, dy],
    attrs: { limit },
    expected: (values = [], gradients = []) => [
      gradients.map((g, i) => ((values[i] as number) > 0 && (values[i] as number) < limit ? g : 0)),
    ],
    tolerance: exact,
    backendTolerance: exact,
  };
}

export const reluBackwardCases: OpCases = {
  op: reluBackward,
  cases: [
    ...fromTensorFlow('relu_backward', ({ limit }) => ({ limit: Number(limit) })),
    ...each([[], [37], [3, 5, 7, 17], [40_001], [0, 4]], (shape) =>
      passed(`[${shape}]`, inf, { shape, k: 1, scale: 9 }, { shape, k: 2 }),
    ),
    passed('at 0 and at the limit it is 0', 6, { shape: [5], values: [0, -0, 6, 5, 7] }, { shape: [5], k: 2 }),
    passed('float64', 6, { shape: [11], dtype: 'float64', k: 1, scale: 9 }, { shape: [11], dtype: 'float64', k: 2 }),
  ],
};
