import { div } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import { fromTensorFlow, type OpCases } from './cases.js';

export const divCases: OpCases = {
  op: div,
  cases: [...fromTensorFlow('div', () => ({})), ...binaryCases('/', (x, y) => x / y)],
};
