import { defineOp, float, int } from '../core/op.js';
import { limits } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/**
 * Indices as rows [..., depth] of float32 that hold `on_value` at the index and `off_value` elsewhere. An index outside of
 * [0, depth) gives a row of `off_value`.
 */
export const oneHot = defineOp({
  name: 'one_hot',
  inputs: ['indices'],
  outputs: ['y'],
  attrs: { depth: int, on_value: float, off_value: float },
  traits: { ...ordinary, dtypes: 'integer', batchwise: 'first' },
  infer: ({ indices }, { depth }) => {
    if (depth < 0 || depth > limits.dimension)
      throw new ShapeError(`depth: expected 0 to ${limits.dimension}, received ${depth}.`);
    return { y: { dtype: 'float32', shape: [...indices.shape, depth] } };
  },
  grad: null,
});
