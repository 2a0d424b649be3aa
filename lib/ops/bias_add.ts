import { defineOp } from '../core/op.js';
import { lastDimension, requireSameDType, requireVector } from './checks.js';

/** x [..., C] + bias [C]. */
export const biasAdd = defineOp({
  name: 'bias_add',
  inputs: ['x', 'bias'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x, bias }) => {
    requireSameDType(x, bias);
    requireVector('bias', bias, lastDimension('x', x.shape));
    return { y: x };
  },
});
