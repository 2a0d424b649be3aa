import { relu6 } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';
import { rectifierCases } from './rectifier.js';

export const relu6Cases: OpCases = {
  op: relu6,
  cases: [...fromTensorFlow('relu6', () => ({})), ...rectifierCases(naive.relu6)],
};
