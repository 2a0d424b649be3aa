import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The largest whole number that is not above x, elementwise. */
export const floor = defineOp({ name: 'floor', ...floatUnary, grad: null });
