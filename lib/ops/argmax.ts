import { defineOp, int } from '../core/op.js';
import { normalizeAxis } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** Index (int32) of the largest value along `axis`; the first one wins a tie, and NaN counts as the largest. */
export const argmax = defineOp({
  name: 'argmax',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { axis: int },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'attrs' },
  infer: ({ x }, { axis }) => {
    const gone = normalizeAxis(axis, x.shape.length, 'axis');
    if (x.shape[gone] === 0) throw new ShapeError('There is no largest of no values.');
    return { y: { dtype: 'int32', shape: x.shape.filter((_, i) => i !== gone) } };
  },
  grad: 'its result is an index, which does not change smoothly',
});
