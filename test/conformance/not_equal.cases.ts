import { notEqual } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import { comparisonCases } from './comparison.js';

export const notEqualCases: OpCases = {
  op: notEqual,
  cases: [...fromTensorFlow('not_equal', () => ({})), ...comparisonCases((x, y) => x !== y)],
};
