import { equal } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { comparisonCases } from './comparison.js';

export const equalCases: OpCases = {
  op: equal,
  cases: [...fromTensorFlow('equal', () => ({})), ...comparisonCases((x, y) => x === y)],
};
