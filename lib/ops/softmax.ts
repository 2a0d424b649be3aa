import { defineOp } from '../core/op.js';
import { lastDimension, requireFloating } from './checks.js';

/** exp(x - max) / sum over the last axis. */
export const softmax = defineOp({
  name: 'softmax',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    lastDimension('x', x.shape);
    return { y: x };
  },
});
