import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** max(x, 0); NaN stays NaN, elementwise. */
export const relu = defineOp({
  name: 'relu',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
