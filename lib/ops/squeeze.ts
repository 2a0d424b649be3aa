import { defineOp, ints } from '../core/op.js';
import { normalizeAxis, shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { aliasTraits } from './traits.js';

/** Drops `axes`, each of which must have size 1. */
export const squeeze = defineOp({
  name: 'squeeze',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { axes: ints() },
  traits: aliasTraits,
  infer: ({ x }, { axes }) => {
    const dropped = new Set(axes.map((axis) => normalizeAxis(axis, x.shape.length, 'axes')));
    for (const axis of dropped) {
      const d = x.shape[axis];
      if (d !== 1 && d !== null)
        throw new ShapeError(`Cannot squeeze axis ${axis} of ${shapeText(x.shape)}: its size is not 1.`);
    }
    return { y: { dtype: x.dtype, shape: x.shape.filter((_, i) => !dropped.has(i)) } };
  },
  grad: (v, { x, dy }, { axes }) => ({
    x: v.expandDims(
      dy,
      axes.map((axis) => normalizeAxis(axis, x.shape.length, 'axes')),
    ),
  }),
});
