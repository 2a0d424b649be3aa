import { log } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { rectifierCases } from './rectifier.js';

export const logCases: OpCases = {
  op: log,
  cases: [...fromTensorFlow('log', () => ({})), ...rectifierCases(Math.log)],
};
