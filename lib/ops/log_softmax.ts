import { defineOp } from '../core/op.js';
import { lastDimension, requireFloating } from './checks.js';

/** x - max - log(sum(exp(x - max))) over the last axis: the logarithm of softmax, finite where that has become 0. */
export const logSoftmax = defineOp({
  name: 'log_softmax',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }) => {
    requireFloating('x', x);
    lastDimension('x', x.shape);
    return { y: x };
  },
});
