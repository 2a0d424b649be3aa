import { describe } from '../core/dtype.js';
import { apply, type Tensor } from '../core/graph.js';
import { ArgumentError, ShapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { GraphKeys } from './collections.js';
import { abs, addN, multiply, reduceSum } from './math.js';
import { constant } from './placeholder.js';
import { nameScope } from './variable_scope.js';

/** A penalty on a variable's value: a scalar, or null for none. */
export type Regularizer = (weights: Tensor) => Tensor | null;

/** scale * sum(w^2) / 2. @throws ArgumentError for a scale that is negative or no number */
export function l2Regularizer(scale: number, scope = 'l2_regularizer'): Regularizer {
  return scaled('l2Regularizer', scale, scope, (weights) => apply(ops.l2Loss, { x: weights }, {}, 'L2Loss').y);
}

/** scale * sum |w|. @throws ArgumentError for a scale that is negative or no number */
export function l1Regularizer(scale: number, scope = 'l1_regularizer'): Regularizer {
  return scaled('l1Regularizer', scale, scope, (weights) => reduceSum(abs(weights)));
}

/** scaleL1 * sum |w| + scaleL2 * sum(w^2) / 2. @throws ArgumentError for scales that are negative or no numbers */
export function l1L2Regularizer(scaleL1 = 1, scaleL2 = 1, scope = 'l1_l2_regularizer'): Regularizer {
  if (scaleL1 === 0) return l2Regularizer(scaleL2, scope);
  if (scaleL2 === 0) return l1Regularizer(scaleL1, scope);
  return summed([l1Regularizer(scaleL1), l2Regularizer(scaleL2)], scope);
}

/** The sum of several; those that are null, or give null, do not count. null when there are none. */
export function sumRegularizer(
  regularizers: readonly (Regularizer | null)[],
  scope = 'sum_regularizer',
): Regularizer | null {
  const given = regularizers.filter((r) => r !== null);
  return given.length === 0 ? null : summed(given, scope);
}

function summed(regularizers: readonly Regularizer[], scope: string): Regularizer {
  return (weights) =>
    nameScope(scope, (fullName) => {
      const terms = regularizers.map((regularizer) => regularizer(weights)).filter((term) => term !== null);
      return terms.length === 0 ? null : addN(terms, fullName);
    });
}

/**
 * Applies a regularizer to several values and adds the sum, 0 where there is no penalty, to `regularization_losses`.
 * @throws ArgumentError when there are no values; ShapeError when a penalty is no scalar
 */
export function applyRegularization(regularizer: Regularizer, weights: readonly Tensor[]): Tensor {
  const [first] = weights;
  if (first === undefined) throw new ArgumentError('applyRegularization: No weights to regularize.');
  return nameScope('get_regularization_penalty', (fullName) => {
    const terms = weights.map((w) => regularizer(w) ?? constant(0, { dtype: w.dtype }));
    for (const { shape } of terms) {
      if (shape.length > 0)
        throw new ShapeError(`The regularizer must return a scalar tensor, it returned one of rank ${shape.length}.`);
    }
    const sum = addN(terms, fullName);
    first.graph.addToCollection(GraphKeys.regularizationLosses, sum);
    return sum;
  });
}

function scaled(name: string, scale: number, scope: string, penalty: (weights: Tensor) => Tensor): Regularizer {
  if (typeof scale !== 'number' || !(scale >= 0) || scale === Infinity) {
    throw new ArgumentError(`${name}: scale: expected a number that is not negative, received ${describe(scale)}.`);
  }
  if (scale === 0) return () => null;
  return (weights) =>
    nameScope(scope, (fullName) =>
      multiply(constant(scale, { dtype: weights.dtype, name: 'scale' }), penalty(weights), fullName),
    );
}
