import { defineOp } from '../core/op.js';
import { lastDimension, requireVector } from './checks.js';
import { ordinary } from './traits.js';

/** x [..., C] + bias [C]. */
export const biasAdd = defineOp({
  name: 'bias_add',
  inputs: ['x', 'bias'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'number', batchwise: 'rows', lowPrecision: 'own_scale' },
  infer: ({ x, bias }) => {
    requireVector('bias', bias, lastDimension('x', x.shape));
    return { y: x };
  },
  grad: (v, { bias, dy }) => ({ x: dy, bias: v.sumTo(dy, bias) }),
});
