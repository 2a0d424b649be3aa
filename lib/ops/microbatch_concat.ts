import { defineOp, int } from '../core/op.js';
import { shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { movingViewTraits } from './traits.js';

/** What `count` repetitions of a microbatch loop made of their images, as one tensor. */
export const microbatchConcat = defineOp({
  name: 'microbatch_concat',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { count: int },
  traits: movingViewTraits,
  internal: true,
  infer: ({ x }, { count }) => {
    const [images, ...image] = x.shape;
    if (images === undefined || count < 1) throw new ShapeError(`${shapeText(x.shape)} is no part of ${count}.`);
    return { y: { dtype: x.dtype, shape: [images === null ? null : images * count, ...image] } };
  },
  grad: 'only the compiler makes it',
});
