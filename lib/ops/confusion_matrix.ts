import { defineOp, int } from '../core/op.js';
import { accepts, shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** Most classes that a confusion matrix may have: the square is its number of elements. */
const mostClasses = 2 ** 15;

/**
 * [num_classes, num_classes]: row i, column j is the sum of the weights where the label is i and the prediction j. The three inputs
 * have one shape. A run with a label or prediction outside of [0, num_classes) is an ExecutionError.
 */
export const confusionMatrix = defineOp({
  name: 'confusion_matrix',
  inputs: ['labels', 'predictions', 'weights'],
  outputs: ['y'],
  attrs: { num_classes: int },
  traits: {
    ...ordinary,
    dtypes: { labels: 'integer', predictions: 'integer', weights: 'float' },
    batchwise: 'never',
  },
  infer: ({ labels, predictions, weights }, { num_classes: classes }) => {
    if (!accepts(labels.shape, predictions.shape) || !accepts(labels.shape, weights.shape)) {
      throw new ShapeError(
        `Expected one shape, received ${[labels, predictions, weights].map((t) => shapeText(t.shape)).join(', ')}.`,
      );
    }
    if (classes < 1 || classes > mostClasses)
      throw new ShapeError(`num_classes: expected 1 to ${mostClasses}, received ${classes}.`);
    return { y: { dtype: weights.dtype, shape: [classes, classes] } };
  },
  grad: 'it counts; what it counts are indices',
});
