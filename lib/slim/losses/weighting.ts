import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { elementCount, type Shape, shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { cast, divideNoNan, identity, multiply, notEqual, reduceSum, reshape, size, squeeze } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { stretchedSum } from '../stretched.js';
import { requireTensor } from '../utils.js';
import { nameScope } from '../variable_scope.js';
import { addLoss } from './collection.js';

/** How weighted losses become one number; the names are those of `tf.losses.Reduction`. Slim itself has the first one alone. */
export const reductions = [
  /** The sum divided by the number of elements whose weight is not 0; 0 when there are none. */
  'sum_by_nonzero_weights',
  'sum',
  /** The sum divided by the sum of the weights. */
  'mean',
  /** The sum divided by the number of elements, whatever they weigh. */
  'sum_over_batch_size',
  /** Each element times its weight, in the shape of the losses. Such a loss is added to no collection. */
  'none',
] as const;

export type Reduction = (typeof reductions)[number];

/**
 * What an element counts for: one number for all, or a tensor that is stretched to the right: [N] holds a weight for each sample of
 * losses [N, ...]. A last dimension of 1 is dropped first. Weights of shape [1] count as those of one sample, as in Slim.
 */
export type Weights = number | Tensor;

/** Options of the losses. */
export interface LossOptions {
  weights: Weights;
  reduction: Reduction;
  /** Name scope of the ops; the loss's own name when null. */
  scope: string | null;
}

export const lossDefaults: LossOptions = { weights: 1, reduction: 'sum_by_nonzero_weights', scope: null };

/**
 * The weighted losses as one number, which is added to the collection `losses`. Computed in float32.
 * @param losses [d0, ..., dn] of any numeric dtype
 * @returns a scalar of the dtype of the losses (with the reduction `none` a tensor of their shape)
 * @throws ArgumentError when weights are null; ShapeError when they do not fit the losses
 */
export function computeWeightedLoss(losses: Tensor, options?: Options<LossOptions>): Tensor {
  const o = mergeOptions('computeWeightedLoss', lossDefaults, options);
  requireTensor(losses, 'computeWeightedLoss');
  return nameScope(o.scope ?? 'weighted_loss', () => weightedLoss(losses, o, 'computeWeightedLoss'));
}

/** A loss in its own name scope: elementwise losses, weighted and reduced. */
export function scopedLoss(name: string, o: LossOptions, where: string, elementwise: () => Tensor): Tensor {
  return nameScope(o.scope ?? name, () => weightedLoss(elementwise(), o, where));
}

function weightedLoss(losses: Tensor, o: LossOptions, where: string): Tensor {
  if (!reductions.includes(o.reduction))
    throw new ArgumentError(
      `${where}: reduction: expected one of ${reductions.join(', ')}, received ${describe(o.reduction)}.`,
    );
  const values = cast(losses, 'float32');
  const loss = cast(reduced(values, weightsFor(o.weights, values.shape, where), o.reduction), losses.dtype);
  if (o.reduction !== 'none') addLoss(loss);
  return loss;
}

function reduced(losses: Tensor, weights: Tensor, reduction: Reduction): Tensor {
  const rank = weights.shape.length;
  if (reduction === 'none') {
    const stretched = losses.shape.map((_, axis) => (axis < rank ? 0 : 1));
    return multiply(losses, reshape(weights, stretched), 'value');
  }
  const total = reduceSum(multiply(sumFrom(losses, rank), weights));
  switch (reduction) {
    case 'sum':
      return identity(total, 'value');
    case 'mean':
      return divideNoNan(total, stretchedSum(weights, losses), 'value');
    case 'sum_over_batch_size':
      return divideNoNan(total, size(losses), 'value');
    case 'sum_by_nonzero_weights':
      return divideNoNan(total, multiply(reduceSum(presence(weights)), countFrom(losses, rank)), 'value');
  }
}

/** The weights as a float32 tensor whose dimensions are the first ones of the losses, or 1. @throws ArgumentError, ShapeError */
export function weightsFor(given: unknown, losses: Shape, where: string): Tensor {
  if (typeof given === 'number') return constant(given, { name: 'weights' });
  if (given === null) throw new ArgumentError(`${where}: weights cannot be null.`);
  requireTensor(given, `${where}: weights`);
  const tensor = cast(given as Tensor, 'float32');
  const last = tensor.shape[tensor.shape.length - 1];
  const weights = tensor.shape.length > 1 && (last === 1 || last === null) ? squeeze(tensor, [-1]) : tensor;
  const { shape } = weights;
  const fits = (d: number | null, axis: number) => d === 1 || d === null || losses[axis] === null || d === losses[axis];
  if (shape.length > losses.length || !shape.every(fits)) {
    throw new ShapeError(
      `${where}: weights of ${shapeText(tensor.shape)} do not fit losses of ${shapeText(losses)}: they are a scalar or have the first dimensions of the losses.`,
    );
  }
  return weights;
}

/** 1 for each weight that is not 0, else 0. */
export function presence(weights: Tensor): Tensor {
  return cast(notEqual(weights, constant(0)), 'float32');
}

/** x summed over all axes from `axis` on. */
export function sumFrom(x: Tensor, axis: number): Tensor {
  const axes = x.shape.map((_, i) => i).slice(axis);
  return axes.length === 0 ? x : reduceSum(x, axes);
}

/** The product of the dimensions from `axis` on, as a scalar. */
export function countFrom(x: Tensor, axis: number): Tensor {
  const known = elementCount(x.shape.slice(axis));
  if (known !== null) return constant(known);
  return axis === 0 ? size(x) : divideNoNan(size(x), size(sumFrom(x, axis)));
}
