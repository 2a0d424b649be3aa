import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** x where it is positive, else exp(x) - 1, elementwise. */
export const elu = defineOp({
  name: 'elu',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
