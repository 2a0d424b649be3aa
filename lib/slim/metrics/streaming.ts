import type { DType } from '../../core/dtype.js';
import { apply, type Tensor, type Variable } from '../../core/graph.js';
import type { ConcreteShape } from '../../core/shape.js';
import * as ops from '../../ops/index.js';
import { relu } from '../activations.js';
import { type CollectionNames, collectionList, GraphKeys } from '../collections.js';
import { zerosInitializer } from '../initializers.js';
import { abs, add, cast, divideNoNan, equal, multiply, notEqual, reduceSum, size, square, subtract } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { stretchedSum } from '../stretched.js';
import { positiveInteger, requireTensor } from '../utils.js';
import { variableScope } from '../variable_scope.js';
import { localVariable } from '../variables.js';
import { confusionMatrix, inTopK } from './classification.js';
import { alike, weightsOver } from './inputs.js';

/**
 * A metric over many batches. Its counts are local variables: `initialize` sets them to 0, checkpoints leave them out. A run that
 * fetches `update`, or has it among its `updates`, counts its batch.
 */
export interface StreamingMetric {
  /** From what was counted before the run. */
  readonly value: Tensor;
  /** From what has been counted with this run's batch. */
  readonly update: Tensor;
}

/** Options of the streaming metrics. */
export interface StreamingOptions {
  /** What each element counts for: a scalar, or of the rank of the values with the same dimensions or 1; null: 1. */
  weights: number | Tensor | null;
  /** Where `value` is collected. */
  metricsCollections: CollectionNames;
  /** Where `update` is collected. */
  updatesCollections: CollectionNames;
  /** Scope of ops and variables; the metric's own, made unique, when null. */
  name: string | null;
}

const defaults: StreamingOptions = { weights: null, metricsCollections: null, updatesCollections: null, name: null };

/** The mean of all values, in float32: `total` divided by `count`, 0 before anything was counted. */
export function streamingMean(values: Tensor, options?: Options<StreamingOptions>): StreamingMetric {
  requireTensor(values, 'streamingMean');
  return mean(values, mergeOptions('streamingMean', defaults, options), 'streamingMean');
}

/**
 * How many predictions are right, 0 to 1.
 * @param labels of the shape of the predictions; a last dimension of 1 may be missing or too many
 */
export function streamingAccuracy(
  predictions: Tensor,
  labels: Tensor,
  options?: Options<StreamingOptions>,
): StreamingMetric {
  const where = 'streamingAccuracy';
  const o = mergeOptions(where, defaults, options);
  const pair = alike(predictions, labels, where);
  const right = cast(equal(cast(pair.predictions, pair.labels.dtype), pair.labels), 'float32');
  return mean(right, { ...o, name: o.name ?? 'accuracy' }, where);
}

/**
 * How many labels are among the `k` largest predictions, as `inTopK` counts them.
 * @param predictions [N, classes]
 * @param labels [N] of integers
 */
export function streamingRecallAtK(
  predictions: Tensor,
  labels: Tensor,
  k: number,
  options?: Options<StreamingOptions>,
): StreamingMetric {
  const where = 'streamingRecallAtK';
  const o = mergeOptions(where, defaults, options);
  const found = cast(inTopK(predictions, labels, k), 'float32');
  return mean(found, { ...o, name: o.name ?? `recall_at_${k}` }, where);
}

/** The mean of |p - y| for predictions p and labels y of one shape. */
export function streamingMeanAbsoluteError(
  predictions: Tensor,
  labels: Tensor,
  options?: Options<StreamingOptions>,
): StreamingMetric {
  return meanError('streamingMeanAbsoluteError', 'mean_absolute_error', predictions, labels, options, abs);
}

/** The mean of (p - y)^2 for predictions p and labels y of one shape. */
export function streamingMeanSquaredError(
  predictions: Tensor,
  labels: Tensor,
  options?: Options<StreamingOptions>,
): StreamingMetric {
  return meanError('streamingMeanSquaredError', 'mean_squared_error', predictions, labels, options, square);
}

function meanError(
  where: string,
  name: string,
  predictions: Tensor,
  labels: Tensor,
  options: Options<StreamingOptions> | undefined,
  measure: (difference: Tensor) => Tensor,
): StreamingMetric {
  const o = mergeOptions(where, defaults, options);
  const pair = alike(predictions, labels, where);
  const error = measure(subtract(cast(pair.predictions, 'float32'), cast(pair.labels, 'float32')));
  return mean(error, { ...o, name: o.name ?? name }, where);
}

/**
 * The mean over the classes that occur of true positives / (true positives + false positives + false negatives), out of a confusion
 * matrix (float64) that is summed over the batches. `update` is that matrix.
 * @param predictions class numbers below `numClasses`, in any dtype
 * @param labels of the same shape
 */
export function streamingMeanIou(
  predictions: Tensor,
  labels: Tensor,
  numClasses: number,
  options?: Options<StreamingOptions>,
): StreamingMetric {
  const where = 'streamingMeanIou';
  const o = mergeOptions(where, defaults, options);
  positiveInteger(numClasses, `${where}: numClasses`);
  const pair = alike(predictions, labels, where);
  return variableScope(o.name, 'mean_iou', () => {
    const total = metricVariable('total_confusion_matrix', [numClasses, numClasses], 'float64');
    const [truth, guess] = [cast(pair.labels, 'int64'), cast(pair.predictions, 'int64')];
    const counted = confusionMatrix(truth, guess, numClasses, { weights: o.weights, dtype: 'float64' });
    return collected(meanIou(cast(total.tensor, 'float32'), numClasses), assignAdd(total, counted), o);
  });
}

function meanIou(matrix: Tensor, numClasses: number): Tensor {
  const classes = constant(
    Array.from({ length: numClasses }, (_, i) => i),
    { dtype: 'int32' },
  );
  const both = apply(ops.pick, { x: matrix, index: classes }, {}, 'DiagPart').y;
  const either = subtract(add(reduceSum(matrix, [0]), reduceSum(matrix, [1])), both);
  const occurring = reduceSum(cast(notEqual(either, constant(0)), 'float32'));
  return divideNoNan(reduceSum(divideNoNan(both, either), [], { name: 'mean_iou' }), occurring, 'value');
}

function mean(values: Tensor, o: StreamingOptions, where: string): StreamingMetric {
  return variableScope(o.name, 'mean', () => {
    const [total, count] = [metricVariable('total', []), metricVariable('count', [])];
    const numbers = cast(values, 'float32');
    const weights = o.weights === null ? null : weightsOver(o.weights, numbers, where);
    const newTotal = assignAdd(total, reduceSum(weights === null ? numbers : multiply(numbers, weights)));
    const newCount = assignAdd(count, weights === null ? size(numbers) : stretchedSum(weights, numbers));
    return collected(
      divideNoNan(total.tensor, relu(count.tensor), 'value'),
      divideNoNan(newTotal, relu(newCount), 'update_op'),
      o,
    );
  });
}

function metricVariable(name: string, shape: ConcreteShape, dtype: DType = 'float32'): Variable {
  const variable = localVariable(zerosInitializer(), { name, shape, dtype });
  variable.tensor.graph.addToCollection(GraphKeys.metricVariables, variable);
  return variable;
}

function assignAdd(variable: Variable, value: Tensor): Tensor {
  return apply(ops.assignAdd, { variable: variable.tensor, value }, {}, 'AssignAdd').y;
}

function collected(value: Tensor, update: Tensor, o: StreamingOptions): StreamingMetric {
  for (const name of collectionList(o.metricsCollections, 'metricsCollections'))
    value.graph.addToCollection(name, value);
  for (const name of collectionList(o.updatesCollections, 'updatesCollections'))
    update.graph.addToCollection(name, update);
  return { value, update };
}
