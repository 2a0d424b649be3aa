import type { Tensor } from '../core/graph.js';
import { defineOp, ints } from '../core/op.js';
import { type ConcreteShape, elementCount, type Shape, shapeText } from '../core/shape.js';
import { GradientError, ShapeError } from '../errors.js';
import { aliasTraits } from './traits.js';

/** The same elements in another shape. One dimension may be -1 (what is left); 0 keeps the input's dimension at that place. */
export const reshape = defineOp({
  name: 'reshape',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { shape: ints() },
  traits: aliasTraits,
  infer: ({ x }, { shape }) => ({ y: { dtype: x.dtype, shape: reshaped(x.shape, shape) } }),
  resolve: ({ x }, { shape }) => ({ shape: reshaped(x.shape, shape) as readonly number[] }),
  grad: (v, { x, dy }, { shape }) => ({ x: v.reshape(dy, way(x, shape)) }),
});

/** The attribute that leads back to the shape of x. @throws GradientError where too little of it is known */
function way(x: Tensor, shape: readonly number[]): readonly number[] {
  const back = x.shape.map((d, i) => d ?? (shape[i] === 0 ? 0 : -1));
  if (back.filter((d) => d === -1).length > 1) {
    throw new GradientError(`Too little of the shape ${shapeText(x.shape)} is known to lead back to it.`, {
      node: x.name,
      hint: 'give the placeholder more of its shape.',
    });
  }
  return back;
}

function reshaped(from: Shape, shape: readonly number[]): Shape {
  if (shape.filter((d) => d === -1).length > 1 || shape.some((d) => d < -1)) {
    throw new ShapeError(`Expected dimensions with at most one -1, received [${shape}].`);
  }
  const kept = shape.map((d, i) => {
    if (d !== 0) return d;
    if (i >= from.length)
      throw new ShapeError(`Dimension ${i} of [${shape}] keeps a dimension that ${shapeText(from)} does not have.`);
    return from[i] as number | null;
  });
  // Dimensions that are kept cancel out on both sides, which leaves the rest known in more cases.
  const elements = elementCount(from.map((d, i) => (shape[i] === 0 ? 1 : d)));
  const to = elementCount(kept.map((d, i) => (shape[i] === 0 || d === -1 ? 1 : d)) as ConcreteShape);
  const result = kept.map((d) => {
    if (d !== -1) return d;
    if (elements === null) return null;
    if (to === 0 || elements % to !== 0) throw new ShapeError(`${shapeText(from)} cannot take the shape [${shape}].`);
    return elements / to;
  });
  if (elements !== null && !shape.includes(-1) && elements !== to)
    throw new ShapeError(`${shapeText(from)} cannot take the shape [${shape}].`);
  return result;
}
