import { defineOp } from '../core/op.js';
import { lastDimension } from './checks.js';
import { ordinary } from './traits.js';

/** x - max - log(sum(exp(x - max))) over the last axis: the logarithm of softmax, finite where that has become 0. */
export const logSoftmax = defineOp({
  name: 'log_softmax',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'float', batchwise: 'rows' },
  infer: ({ x }) => {
    lastDimension('x', x.shape);
    return { y: x };
  },
  grad: (v, { y, dy }) => ({ x: v.sub(dy, v.mul(v.exp(y), v.reduceSum(dy, [-1]))) }),
});
