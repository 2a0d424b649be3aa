import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** The absolute value, elementwise. */
export const abs = defineOp({
  name: 'abs',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
