import type { Op } from '../core/op.js';
import * as ops from './index.js';

/** Every op of plans, in the order of the generated enumeration. */
export const allOps: readonly Op[] = Object.values<Op>(ops)
  .filter((op) => !op.graphOnly)
  .sort((a, b) => (a.name < b.name ? -1 : 1));
