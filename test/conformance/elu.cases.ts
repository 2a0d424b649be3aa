import { elu } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { rectifierCases } from './rectifier.js';

export const eluCases: OpCases = {
  op: elu,
  cases: [...fromTensorFlow('elu', () => ({})), ...rectifierCases((x) => (x < 0 ? Math.expm1(x) : x))],
};
