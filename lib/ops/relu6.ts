import { defineOp } from '../core/op.js';
import { requireFloating } from './checks.js';

/** min(max(x, 0), 6); NaN stays NaN, elementwise. */
export const relu6 = defineOp({
  name: 'relu6',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    return { y: x };
  },
});
