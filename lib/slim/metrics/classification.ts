import { type DType, isFloating } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { cast, divide, equal, multiply, reduceMean, reduceSum } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { stretchedSum } from '../stretched.js';
import { positiveInteger, requireTensor } from '../utils.js';
import { nameScope } from '../variable_scope.js';
import { alike, weightsOver } from './inputs.js';

/** Options of `accuracy`. */
export interface AccuracyOptions {
  /** What each element counts for; aligned with the labels from the right and stretched. null: all alike. */
  weights: number | Tensor | null;
  /** Name scope of the ops; `accuracy` when null. */
  name: string | null;
}

/**
 * How many predictions are right, 0 to 1.
 * @param predictions of the shape and dtype of the labels
 * @param labels integers or bool
 * @throws ArgumentError for other dtypes
 */
export function accuracy(predictions: Tensor, labels: Tensor, options?: Options<AccuracyOptions>): Tensor {
  const { weights, name } = mergeOptions<AccuracyOptions>('accuracy', { weights: null, name: null }, options);
  requireTensor(predictions, 'accuracy');
  requireTensor(labels, 'accuracy');
  if (weights !== null && typeof weights !== 'number') requireTensor(weights, 'accuracy: weights');
  if (isFloating(labels.dtype))
    throw new ArgumentError(`accuracy: labels: expected integers or bool, received ${labels.dtype}.`);
  if (labels.dtype !== predictions.dtype)
    throw new ArgumentError(
      `accuracy: expected one dtype, received predictions of ${predictions.dtype} and labels of ${labels.dtype}.`,
    );
  return nameScope(name ?? 'accuracy', () => {
    const right = cast(equal(predictions, labels), 'float32');
    if (weights === null) return reduceMean(right);
    const factors = typeof weights === 'number' ? constant(weights) : cast(weights, 'float32');
    const weighted = multiply(right, factors);
    return divide(reduceSum(weighted), stretchedSum(factors, weighted));
  });
}

/**
 * Whether a row's target is among its `k` largest predictions (bool [...]); ties count in favour. False where a row holds NaN or an
 * infinity, and where the target is no class.
 * @param predictions [..., classes]
 * @param targets [...] of integers
 */
export function inTopK(predictions: Tensor, targets: Tensor, k: number, name = 'in_top_k'): Tensor {
  requireTensor(predictions, 'inTopK');
  requireTensor(targets, 'inTopK');
  return apply(ops.inTopK, { predictions, targets }, { k }, name).y;
}

/** Options of `confusionMatrix`. */
export interface ConfusionMatrixOptions {
  /** What each element counts for, in the shape of the labels or a scalar; null: 1. */
  weights: number | Tensor | null;
  /** Of the result. The weights are converted to it before they are summed. */
  dtype: DType;
  /** Name scope of the ops; `confusion_matrix` when null. */
  name: string | null;
}

/**
 * How often which class was taken for which.
 * @param labels integers; a run with one outside of [0, numClasses) is an ExecutionError
 * @param predictions of the same shape, likewise
 * @param numClasses must be given: the shape of the result is known before the graph runs
 * @returns [numClasses, numClasses], labels by row and predictions by column
 */
export function confusionMatrix(
  labels: Tensor,
  predictions: Tensor,
  numClasses: number,
  options?: Options<ConfusionMatrixOptions>,
): Tensor {
  const where = 'confusionMatrix';
  const { weights, dtype, name } = mergeOptions<ConfusionMatrixOptions>(
    where,
    { weights: null, dtype: 'int32', name: null },
    options,
  );
  positiveInteger(numClasses, `${where}: numClasses`);
  const pair = alike(predictions, labels, where);
  return nameScope(name ?? 'confusion_matrix', () => {
    // Of integers each is its own equal: a 1 for each.
    const ones = cast(equal(pair.labels, pair.labels), 'float32');
    const each = weights === null ? ones : multiply(ones, weightsOver(weights, ones, where));
    const counted = cast(cast(each, dtype), 'float64');
    return cast(apply(ops.confusionMatrix, { ...pair, weights: counted }, { num_classes: numClasses }).y, dtype);
  });
}
