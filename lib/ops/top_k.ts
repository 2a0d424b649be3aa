import { defineOp, int } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { lastDimension } from './checks.js';
import { ordinary } from './traits.js';

/** The `k` largest values of the last axis, descending, and their indices (int32); the lower index wins a tie, NaN comes first. */
export const topK = defineOp({
  name: 'top_k',
  inputs: ['x'],
  outputs: ['values', 'indices'],
  attrs: { k: int },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'rows' },
  infer: ({ x }, { k }) => {
    const size = lastDimension('x', x.shape);
    if (k < 1 || k > size) throw new ShapeError(`k: expected 1 to ${size}, received ${k}.`);
    const shape = [...x.shape.slice(0, -1), k];
    return { values: { dtype: x.dtype, shape }, indices: { dtype: 'int32', shape } };
  },
  // Each value comes from one place, and the gradient goes back there.
  grad: (v, { x, indices, dvalues }) => {
    if (dvalues === undefined) return {};
    const size = lastDimension('x', x.shape);
    const spread = v.mul(v.expandDims(dvalues, [dvalues.shape.length]), v.oneHot(indices, size, x.dtype));
    return { x: v.reshape(v.reduceSum(spread, [-2]), [...x.shape.slice(0, -1).map(() => 0), size]) };
  },
});
