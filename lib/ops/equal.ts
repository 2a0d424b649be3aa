import { defineOp } from '../core/op.js';
import { comparison } from './elementwise.js';

/** Whether x equals y (bool), elementwise and in any dtype; NaN equals nothing. Shapes stretch as in `add`. */
export const equal = defineOp({ ...comparison('equal'), grad: null });
