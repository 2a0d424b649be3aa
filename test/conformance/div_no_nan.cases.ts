import { divNoNan } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import { fromTensorFlow, type OpCases } from './cases.js';

export const divNoNanCases: OpCases = {
  op: divNoNan,
  cases: [...fromTensorFlow('div_no_nan', () => ({})), ...binaryCases('/, or 0,', (x, y) => (y === 0 ? 0 : x / y))],
};
