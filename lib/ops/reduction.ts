import type { Tensor } from '../core/graph.js';
import { normalizeAxis, type Shape } from '../core/shape.js';
import type { Vocabulary } from '../core/vocabulary.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** What reductions say of themselves. */
export const reductionTraits = { ...ordinary, dtypes: 'float', batchwise: 'attrs' } as const;

/** Shape after reducing `axes`; an empty list means all of them. @throws ShapeError */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const reduced = new Set(axes.map((axis) => normalizeAxis(axis, shape.length, 'axes')));
  if (reduced.size !== axes.length) throw new ShapeError(`Axes [${axes}] name one axis twice.`);
  const gone = (i: number) => axes.length === 0 || reduced.has(i);
  return keepDims ? shape.map((d, i) => (gone(i) ? 1 : d)) : shape.filter((_, i) => !gone(i));
}

/** The way back from a sum of x: what stands for one of its elements, stretched over all that were summed to it. */
export function unreduced(
  v: Vocabulary,
  dy: Tensor,
  x: Tensor,
  { axes, keep_dims: keepDims }: { readonly axes: readonly number[]; readonly keep_dims: boolean },
): Tensor {
  const rank = x.shape.length;
  const gone = axes.map((axis) => normalizeAxis(axis, rank, 'axes'));
  // Without axes all are gone, and a scalar is stretched as it is.
  return v.broadcastTo(keepDims || gone.length === 0 ? dy : v.expandDims(dy, gone), x);
}
