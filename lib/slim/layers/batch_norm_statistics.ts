/** Which statistics a batch normalization uses, and how it keeps the moving ones. */
import { apply, Tensor, type Variable } from '../../core/graph.js';
import * as ops from '../../ops/index.js';
import { collectionList } from '../collections.js';
import { multiply, reduceMean, reshape, subtract, where } from '../math.js';
import type { BatchNormOptions } from './batch_norm.js';
import { debiasing } from './batch_norm_variables.js';

/** x [N, ..., C] with the vectors [C] that scale and shift it. */
export interface Normalized {
  readonly x: Tensor;
  readonly scale: Tensor;
  readonly offset: Tensor;
}

/** The moving statistics of a layer. */
export interface Moving {
  readonly mean: Variable;
  readonly variance: Variable;
}

/** A normalized batch with its own statistics. */
interface Batch {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalizes with the statistics that `isTraining` asks for. In training mode, and where only the run knows the mode, the
 * updates of the moving statistics are collected or forced.
 * @param bessel the moving variance gets the unbiased variance of the batch
 * @param name of the op
 */
export function normalize(
  inputs: Normalized,
  moving: Moving,
  bessel: boolean,
  o: BatchNormOptions,
  name: string,
): Tensor {
  const { isTraining } = o;
  if (isTraining === false) return withMoving(inputs, moving, o, name);
  const batch = o.batchWeights === null ? plain(inputs, bessel, o, name) : weighted(inputs, o.batchWeights, o, name);
  if (!(isTraining instanceof Tensor)) {
    update(batch.y, batch, moving, bessel, o);
    return batch.y;
  }
  // Both are computed and one is taken; statistics that are averaged with themselves stay as they are.
  const y = where(isTraining, batch.y, withMoving(inputs, moving, o, name), 'cond');
  const values = {
    mean: where(isTraining, batch.mean, moving.mean.tensor, 'cond_mean'),
    variance: where(isTraining, batch.variance, moving.variance.tensor, 'cond_variance'),
  };
  update(y, values, moving, bessel, o);
  return y;
}

function withMoving(
  inputs: Normalized,
  { mean, variance }: Moving,
  { epsilon }: BatchNormOptions,
  name: string,
): Tensor {
  return apply(ops.batchNorm, { ...inputs, mean: mean.tensor, variance: variance.tensor }, { epsilon }, name).y;
}

function plain(inputs: Normalized, bessel: boolean, { epsilon }: BatchNormOptions, name: string): Batch {
  return apply(ops.batchNormTraining, inputs, { epsilon, bessel }, name);
}

/** Each image counts as often as its weight says; the weights' mean is divided out. */
function weighted(inputs: Normalized, batchWeights: Tensor, { epsilon }: BatchNormOptions, name: string): Batch {
  const { x } = inputs;
  const weights = reshape(batchWeights, [-1, ...x.shape.slice(1).map(() => 1)], 'weights');
  const total = reduceMean(weights, [], { name: 'total_weight' });
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const over = (values: Tensor, result: string) =>
    apply(ops.div, { x: reduceMean(multiply(weights, values), axes), y: total }, {}, result).z;
  const mean = over(x, 'mean');
  const difference = subtract(x, mean, 'difference');
  const variance = over(multiply(difference, difference, 'square'), 'variance');
  return { y: apply(ops.batchNorm, { ...inputs, mean, variance }, { epsilon }, name).y, mean, variance };
}

/** Updates of the moving statistics: collected, or forced whenever `output` is computed. */
function update(
  output: Tensor,
  values: Pick<Batch, 'mean' | 'variance'>,
  { mean, variance }: Moving,
  fused: boolean,
  o: BatchNormOptions,
): void {
  const attrs = { decay: o.decay };
  const updates = [
    o.zeroDebiasMovingMean
      ? apply(
          ops.assignDebiasedMovingAverage,
          { variable: mean.tensor, ...debiasing(mean, fused), value: values.mean },
          attrs,
          'AssignMovingAvg',
        ).y
      : apply(ops.assignMovingAverage, { variable: mean.tensor, value: values.mean }, attrs, 'AssignMovingAvg').y,
    apply(ops.assignMovingAverage, { variable: variance.tensor, value: values.variance }, attrs, 'AssignMovingAvg').y,
  ];
  const { graph } = output;
  if (o.updatesCollections === null) graph.forceUpdates(output, updates);
  else {
    const collections = collectionList(o.updatesCollections, 'updatesCollections');
    for (const name of collections) for (const each of updates) graph.addToCollection(name, each);
    const layer = mean.name.replace(/\/[^/]*$/, '');
    graph.noteTrainingUpdates({ layer, collections, output, updates, always: o.isTraining === true });
  }
}
