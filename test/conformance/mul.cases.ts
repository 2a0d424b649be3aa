import { mul } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import type { OpCases } from './cases.js';

export const mulCases: OpCases = { op: mul, cases: binaryCases('*', (x, y) => x * y) };
