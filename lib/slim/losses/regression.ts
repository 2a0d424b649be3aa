import { describe } from '../../core/dtype.js';
import { Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { relu } from '../activations.js';
import { abs, add, cast, divideNoNan, log, multiply, reduceSum, square, subtract } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { nameScope } from '../variable_scope.js';
import { addLoss } from './collection.js';
import { negative, requirePair } from './elements.js';
import { countFrom, type LossOptions, lossDefaults, presence, scopedLoss, sumFrom, weightsFor } from './weighting.js';

/** A loss of predictions p and labels y, both in float32 and of one shape. */
type Elementwise = (p: Tensor, y: Tensor) => Tensor;

function regression(
  name: string,
  where: string,
  predictions: Tensor,
  labels: Tensor,
  o: LossOptions,
  elementwise: Elementwise,
): Tensor {
  requirePair(where, predictions, labels);
  return scopedLoss(name, o, where, () => elementwise(cast(predictions, 'float32'), cast(labels, 'float32')));
}

/** |p - y|. */
export function absoluteDifference(predictions: Tensor, labels: Tensor, options?: Options<LossOptions>): Tensor {
  const o = mergeOptions('absoluteDifference', lossDefaults, options);
  return regression('absolute_difference', 'absoluteDifference', predictions, labels, o, (p, y) => abs(subtract(p, y)));
}

/** (p - y)^2. */
export function meanSquaredError(predictions: Tensor, labels: Tensor, options?: Options<LossOptions>): Tensor {
  const o = mergeOptions('meanSquaredError', lossDefaults, options);
  return regression('mean_squared_error', 'meanSquaredError', predictions, labels, o, (p, y) => square(subtract(p, y)));
}

/** Options of `logLoss`. */
export interface LogLossOptions extends LossOptions {
  /** Added to what the logarithm is taken of. */
  epsilon: number;
}

/** -y log(p + epsilon) - (1 - y) log(1 - p + epsilon), for probabilities p. */
export function logLoss(predictions: Tensor, labels: Tensor, options?: Options<LogLossOptions>): Tensor {
  const { epsilon, ...o } = mergeOptions<LogLossOptions>('logLoss', { ...lossDefaults, epsilon: 1e-7 }, options);
  if (typeof epsilon !== 'number' || !(epsilon >= 0))
    throw new ArgumentError(`logLoss: epsilon: expected a number that is not negative, received ${describe(epsilon)}.`);
  return regression('log_loss', 'logLoss', predictions, labels, o, (p, y) => {
    const [one, little] = [constant(1), constant(epsilon)];
    const hit = multiply(y, log(add(p, little)));
    const miss = multiply(subtract(one, y), log(add(subtract(one, p), little)));
    return subtract(negative(hit), miss);
  });
}

/** Options of `cosineDistance`. */
export interface CosineDistanceOptions extends LossOptions {
  /** The axis of the vectors. */
  axis: number;
}

/**
 * 1 - sum(p y) over `axis`, for vectors of length 1.
 * @throws ArgumentError without an axis
 */
export function cosineDistance(
  predictions: Tensor,
  labels: Tensor,
  options: Options<CosineDistanceOptions> & { readonly axis: number },
): Tensor {
  const { axis, ...o } = mergeOptions<LossOptions & { axis: number | null }>(
    'cosineDistance',
    { ...lossDefaults, axis: null },
    options,
  );
  if (axis === null) throw new ArgumentError('cosineDistance: axis must be given.');
  return regression('cosine_distance_loss', 'cosineDistance', predictions, labels, o, (p, y) =>
    subtract(constant(1), reduceSum(multiply(p, y), [axis])),
  );
}

/**
 * max(0, 1 - (2 y - 1) z) for logits z and labels y of 0 and 1.
 * @returns a tensor of the shape of the logits; nothing is reduced, and nothing added to a collection
 */
export function hingeLoss(
  logits: Tensor,
  labels: Tensor,
  options?: Options<{ readonly scope: string | null }>,
): Tensor {
  const { scope } = mergeOptions<{ scope: string | null }>('hingeLoss', { scope: null }, options);
  requirePair('hingeLoss', logits, labels);
  return nameScope(scope ?? 'hinge_loss', () => {
    const [one, two] = [constant(1), constant(2)];
    const signs = subtract(multiply(cast(labels, 'float32'), two), one);
    return relu(subtract(one, multiply(signs, logits)));
  });
}

/** Options of `meanPairwiseSquaredError`. */
export type PairwiseOptions = Omit<LossOptions, 'reduction'>;

/**
 * How far the differences between the elements of one sample are from what they should be: 2 sum(d^2) / n - 2 (sum d)^2 / n^2 for
 * d = p - y and n elements a sample, times the sample's weight, summed over the batch.
 * @param predictions [N, ...]
 * @param options.weights a scalar or [N]
 */
export function meanPairwiseSquaredError(
  predictions: Tensor,
  labels: Tensor,
  options?: Options<PairwiseOptions>,
): Tensor {
  const where = 'meanPairwiseSquaredError';
  const { weights: given, scope } = mergeOptions<PairwiseOptions>(where, { weights: 1, scope: null }, options);
  requirePair(where, predictions, labels);
  if (predictions.shape.length === 0)
    throw new ShapeError(`${where}: expected a batch, received ${shapeText(predictions.shape)}.`);
  if (given instanceof Tensor && given.shape.length > 1)
    throw new ShapeError(`${where}: weights: expected a scalar or [N], received ${shapeText(given.shape)}.`);
  return nameScope(scope ?? 'mean_pairwise_squared_error', () => {
    const differences = subtract(cast(predictions, 'float32'), cast(labels, 'float32'));
    const weights = weightsFor(given, differences.shape.slice(0, 1), where);
    const two = constant(2);
    const present = multiply(presence(weights), countFrom(differences, 1));
    const squares = divideNoNan(sumFrom(square(differences), 1), present, 'value');
    const sums = divideNoNan(square(sumFrom(differences, 1)), square(present), 'value');
    const each = subtract(multiply(two, squares), multiply(two, sums));
    const loss = reduceSum(multiply(each, weights), [], { name: 'value' });
    addLoss(loss);
    return loss;
  });
}
