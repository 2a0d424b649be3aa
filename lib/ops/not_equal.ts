import { defineOp } from '../core/op.js';
import { comparison } from './elementwise.js';

/** Whether x differs from y (bool), elementwise and in any dtype; NaN differs from all. Shapes stretch as in `add`. */
export const notEqual = defineOp({ ...comparison('not_equal'), grad: null });
