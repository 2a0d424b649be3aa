import { defineOp } from '../core/op.js';
import { requireFloating, requireIndices } from './checks.js';

/** The element of each row of x [..., C] that `index` [...] names. A run with an index outside of [0, C) is an ExecutionError. */
export const pick = defineOp({
  name: 'pick',
  inputs: ['x', 'index'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x, index }) => {
    requireFloating('x', x);
    return { y: { dtype: x.dtype, shape: requireIndices('index', index, x) } };
  },
});
