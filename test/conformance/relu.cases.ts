import { relu } from '../../lib/ops/index.js';
import { fromTensorFlow, type OpCases } from './cases.js';
import * as naive from './naive.js';
import { rectifierCases } from './rectifier.js';

export const reluCases: OpCases = {
  op: relu,
  cases: [...fromTensorFlow('relu', () => ({})), ...rectifierCases(naive.relu)],
};
