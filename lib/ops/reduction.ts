import { normalizeAxis, type Shape } from '../core/shape.js';
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
