import { sub } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import type { OpCases } from './cases.js';

export const subCases: OpCases = { op: sub, cases: binaryCases('-', (x, y) => x - y) };
