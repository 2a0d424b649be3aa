import type { Tensor } from '../../core/graph.js';
import { accepts, shapeText } from '../../core/shape.js';
import { ShapeError } from '../../errors.js';
import { cast, reshape, squeeze } from '../math.js';
import { constant } from '../placeholder.js';
import { requireTensor } from '../utils.js';

/** Predictions and labels of one shape; one of them may have a last dimension of 1 too many. @throws ArgumentError, ShapeError */
export function alike(predictions: Tensor, labels: Tensor, where: string): { predictions: Tensor; labels: Tensor } {
  requireTensor(predictions, where);
  requireTensor(labels, where);
  const pair = {
    predictions: withoutLast(predictions, labels.shape.length + 1),
    labels: withoutLast(labels, predictions.shape.length + 1),
  };
  if (!accepts(pair.predictions.shape, pair.labels.shape)) {
    throw new ShapeError(
      `${where}: expected predictions and labels of one shape, received ${shapeText(predictions.shape)} and ${shapeText(labels.shape)}.`,
    );
  }
  return pair;
}

/**
 * Weights in float32 that stretch over `values`: a scalar, or of the same rank with the same dimensions or 1. A last dimension of 1
 * may be missing or too many.
 * @throws ArgumentError, ShapeError
 */
export function weightsOver(given: number | Tensor, values: Tensor, where: string): Tensor {
  if (typeof given === 'number') return constant(given, { name: 'weights' });
  requireTensor(given, `${where}: weights`);
  const cut = withoutLast(cast(given, 'float32'), values.shape.length + 1);
  const { shape } = cut;
  if (shape.length === 0) return cut;
  const weights = shape.length + 1 === values.shape.length ? reshape(cut, [...shape.map(() => 0), 1]) : cut;
  const fits = (d: number | null, axis: number) => d === 1 || accepts([d], [values.shape[axis] ?? null]);
  if (weights.shape.length !== values.shape.length || !weights.shape.every(fits)) {
    throw new ShapeError(
      `${where}: weights of ${shapeText(given.shape)} cannot be stretched to values of ${shapeText(values.shape)}.`,
    );
  }
  return weights;
}

/** x without its last dimension where it has this rank and that dimension may be 1. */
function withoutLast(x: Tensor, rank: number): Tensor {
  const last = x.shape[x.shape.length - 1];
  return x.shape.length === rank && (last === 1 || last === null) ? squeeze(x, [-1]) : x;
}
