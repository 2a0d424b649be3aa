import { microbatchSlice } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

/** Only the compiler makes this op, and no backend computes it: test/native/runtime_microbatch_test.cc runs what a microbatch loop reads. */
export const microbatchSliceCases: OpCases = { op: microbatchSlice, cases: [] };
