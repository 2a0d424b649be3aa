import { defineOp } from '../core/op.js';
import { floatUnary } from './elementwise.js';

/** 1 / sqrt(x), elementwise. */
export const rsqrt = defineOp({ name: 'rsqrt', ...floatUnary });
