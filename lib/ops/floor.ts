import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** The largest integer that is not above x, elementwise. */
export const floor = defineOp({ name: 'floor', ...floatUnary, grad: null });
