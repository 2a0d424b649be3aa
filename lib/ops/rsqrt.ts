import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** 1 / sqrt(x), elementwise. */
export const rsqrt = defineOp({
  name: 'rsqrt',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
