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
});
