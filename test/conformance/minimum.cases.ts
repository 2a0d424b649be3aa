import { minimum } from '../../lib/ops/index.js';
import { binaryCases } from './binary.js';
import type { OpCases } from './cases.js';

export const minimumCases: OpCases = { op: minimum, cases: binaryCases('min', (x, y) => Math.min(x, y), false) };
