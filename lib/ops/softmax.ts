import { defineOp } from '../core/op.js';
import { lastDimension } from './checks.js';
import { ordinary } from './traits.js';

/** exp(x - max) / sum over the last axis. */
export const softmax = defineOp({
  name: 'softmax',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'float', batchwise: 'rows' },
  infer: ({ x }) => {
    lastDimension('x', x.shape);
    return { y: x };
  },
  grad: (v, { y, dy }) => ({ x: v.mul(y, v.sub(dy, v.reduceSum(v.mul(dy, y), [-1]))) }),
});
