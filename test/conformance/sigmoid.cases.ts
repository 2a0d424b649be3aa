import { sigmoid } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { rectifierCases } from './rectifier.js';

export const sigmoidCases: OpCases = {
  op: sigmoid,
  cases: [...fromTensorFlow('sigmoid', () => ({})), ...rectifierCases((x) => 1 / (1 + Math.exp(-x)))],
};
