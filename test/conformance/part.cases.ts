import { part } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

/** Only the compiler makes this op, and no backend computes it: test/native/runtime_section_test.cc runs what a section reads. */
export const partCases: OpCases = { op: part, cases: [] };
