import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** 1 / (1 + exp(-x)), elementwise. */
export const sigmoid = defineOp({
  name: 'sigmoid',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
