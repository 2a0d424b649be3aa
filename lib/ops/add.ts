import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

/** x + y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const add = defineOp(binary('add'));
