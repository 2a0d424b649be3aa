import { microbatchConcat } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

/** Only the compiler makes this op, and no backend computes it: test/native/runtime_microbatch_test.cc runs what a microbatch loop leaves. */
export const microbatchConcatCases: OpCases = { op: microbatchConcat, cases: [] };
