import { defineOp, int } from '../core/op.js';
import { shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { movingViewTraits } from './traits.js';

/** The images of `x` that the present repetition of a microbatch loop computes: one after the other of `count` equal parts. */
export const microbatchSlice = defineOp({
  name: 'microbatch_slice',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { count: int },
  traits: movingViewTraits,
  internal: true,
  infer: ({ x }, { count }) => {
    const [batch, ...image] = x.shape;
    if (batch === undefined || count < 1 || (batch !== null && batch % count !== 0))
      throw new ShapeError(`${shapeText(x.shape)} has no ${count} equal parts.`);
    return { y: { dtype: x.dtype, shape: [batch === null ? null : batch / count, ...image] } };
  },
  grad: 'only the compiler makes it',
});
