import { reorder } from '../../lib/ops/index.js';
import type { OpCases } from './cases.js';

/** Only the compiler makes this op, where a backend asks for a layout: the cases of conv2d and matmul with weights go through it. */
export const reorderCases: OpCases = { op: reorder, cases: [] };
