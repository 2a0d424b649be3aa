import { describe } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { relu } from '../activations.js';
import { abs, add, cast, exp, log1p, logSoftmax, multiply, reduceSum, squeeze, subtract } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { lastDimension, requireTensor } from '../utils.js';
import { negative, requirePair } from './elements.js';
import { type LossOptions, lossDefaults, scopedLoss } from './weighting.js';

/** Options of `softmaxCrossEntropy` and `sigmoidCrossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** How far the labels move towards all being alike: 0 to 1. */
  labelSmoothing: number;
}

const defaults: CrossEntropyOptions = { ...lossDefaults, labelSmoothing: 0 };

/**
 * -sum(q log(softmax(logits))) over the last axis, with q = labels (1 - labelSmoothing) + labelSmoothing / classes.
 * @param logits [..., classes]
 * @param onehotLabels of the same shape: probabilities of the classes, in any dtype
 * @throws ShapeError when the shapes differ, the number of classes is unknown, or the weights do not fit [...]
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  onehotLabels: Tensor,
  options?: Options<CrossEntropyOptions>,
): Tensor {
  const where = 'softmaxCrossEntropy';
  const o = mergeOptions(where, defaults, options);
  requirePair(where, logits, onehotLabels);
  return scopedLoss('softmax_cross_entropy_loss', o, where, () => {
    const labels = smoothed(cast(onehotLabels, logits.dtype), 1 / lastDimension(logits.shape), o.labelSmoothing, where);
    return negative(reduceSum(multiply(labels, logSoftmax(logits)), [-1]));
  });
}

/**
 * -log(softmax(logits)[label]): `softmaxCrossEntropy` for labels that are class numbers.
 * @param logits [N, classes]
 * @param labels [N] or [N, 1] of integers; a run with a label outside of [0, classes) is an ExecutionError
 * @throws ShapeError when the shapes do not fit
 */
export function sparseSoftmaxCrossEntropy(logits: Tensor, labels: Tensor, options?: Options<LossOptions>): Tensor {
  const where = 'sparseSoftmaxCrossEntropy';
  const o = mergeOptions(where, lossDefaults, options);
  requireTensor(logits, where);
  requireTensor(labels, where);
  const [, ...more] = labels.shape;
  if (labels.shape.length === 0 || more.some((d) => d !== 1 && d !== null))
    throw new ShapeError(`${where}: labels: expected [N] or [N,1], received ${shapeText(labels.shape)}.`);
  return scopedLoss('sparse_softmax_cross_entropy_loss', o, where, () => {
    const axes = more.map((_, i) => i + 1);
    const index = axes.length === 0 ? labels : squeeze(labels, axes);
    return negative(apply(ops.pick, { x: logSoftmax(logits), index }, {}, 'xentropy').y);
  });
}

/**
 * max(z, 0) - z y + log(1 + exp(-|z|)) for logits z and y = labels (1 - labelSmoothing) + labelSmoothing / 2: each class is a question
 * of its own.
 * @param multiClassLabels of the shape of the logits: 0 to 1, in any dtype
 */
export function sigmoidCrossEntropy(
  logits: Tensor,
  multiClassLabels: Tensor,
  options?: Options<CrossEntropyOptions>,
): Tensor {
  const where = 'sigmoidCrossEntropy';
  const o = mergeOptions(where, defaults, options);
  requirePair(where, logits, multiClassLabels);
  return scopedLoss('sigmoid_cross_entropy_loss', o, where, () => {
    const labels = smoothed(cast(multiClassLabels, logits.dtype), 0.5, o.labelSmoothing, where);
    return add(subtract(relu(logits), multiply(logits, labels)), log1p(exp(negative(abs(logits)))), 'xentropy');
  });
}

function smoothed(labels: Tensor, towards: number, amount: unknown, where: string): Tensor {
  if (typeof amount !== 'number' || !(amount >= 0 && amount <= 1))
    throw new ArgumentError(`${where}: labelSmoothing: expected 0 to 1, received ${describe(amount)}.`);
  if (amount === 0) return labels;
  const { dtype } = labels;
  return add(multiply(labels, constant(1 - amount, { dtype })), constant(amount * towards, { dtype }));
}
