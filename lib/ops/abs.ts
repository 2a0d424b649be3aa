import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The absolute value, elementwise. */
export const abs = defineOp({ name: 'abs', ...floatUnary });
