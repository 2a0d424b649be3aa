import type { Op } from '../core/op.js';
import * as ops from './index.js';

/** Every op, in the order of the generated enumeration. */
export const allOps: readonly Op[] = Object.values<Op>(ops).sort((a, b) => (a.name < b.name ? -1 : 1));
