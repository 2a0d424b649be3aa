import { maximum } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import type { OpCases } from './cases.js';

export const maximumCases: OpCases = { op: maximum, cases: binaryCases('max', (x, y) => Math.max(x, y), false) };
