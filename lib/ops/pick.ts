import { defineOp } from '../core/op.js';
import { lastDimension, requireIndices } from './checks.js';
import { ordinary } from './traits.js';

/** The element of each row of x [..., C] that `index` [...] names. A run with an index outside of [0, C) is an ExecutionError. */
export const pick = defineOp({
  name: 'pick',
  inputs: ['x', 'index'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: { x: 'float', index: 'integer' }, batchwise: 'all' },
  infer: ({ x, index }) => ({ y: { dtype: x.dtype, shape: requireIndices('index', index, x) } }),
  grad: (v, { x, index, dy }) => {
    const classes = v.oneHot(index, lastDimension('x', x.shape), x.dtype);
    return { x: v.mul(v.expandDims(dy, [dy.shape.length]), classes) };
  },
});
