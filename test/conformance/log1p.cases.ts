import { log1p } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { rectifierCases } from './rectifier.js';

export const log1pCases: OpCases = {
  op: log1p,
  cases: [...fromTensorFlow('log1p', () => ({})), ...rectifierCases(Math.log1p)],
};
