import { join } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

/** Only the compiler makes this op, and no backend computes it: test/native/runtime_section_test.cc runs what a section leaves. */
export const joinCases: OpCases = { op: join, cases: [] };
