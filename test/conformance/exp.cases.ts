import { exp } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { rectifierCases } from './rectifier.js';

export const expCases: OpCases = {
  op: exp,
  cases: [...fromTensorFlow('exp', () => ({})), ...rectifierCases(Math.exp)],
};
