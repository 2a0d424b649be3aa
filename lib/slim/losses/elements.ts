import type { Tensor } from '../../core/graph.js';
import { accepts, shapeText } from '../../core/shape.js';
import { ShapeError } from '../../errors.js';
import { subtract } from '../math.js';
import { constant } from '../placeholder.js';
import { requireTensor } from '../utils.js';

/** -x, without a negative zero. */
export function negative(x: Tensor): Tensor {
  return subtract(constant(0, { dtype: x.dtype }), x, 'Neg');
}

/** @throws ArgumentError unless both are tensors; ShapeError unless they have one shape */
export function requirePair(where: string, predictions: Tensor, labels: Tensor): void {
  requireTensor(predictions, where);
  requireTensor(labels, where);
  if (!accepts(predictions.shape, labels.shape)) {
    throw new ShapeError(
      `${where}: expected labels of ${shapeText(predictions.shape)} as the predictions, received ${shapeText(labels.shape)}.`,
    );
  }
}
