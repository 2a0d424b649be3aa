import { describe } from '../core/dtype.js';
import { apply, type Tensor } from '../core/graph.js';
import { ArgumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { GraphKeys } from './collections.js';
import { abs, add, multiply, reduceSum } from './math.js';
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

/** scaleL1 * sum |w| + scaleL2 * sum(w^2) / 2. */
export function l1L2Regularizer(scaleL1 = 1, scaleL2 = 1, scope = 'l1_l2_regularizer'): Regularizer {
  return sumRegularizer([l1Regularizer(scaleL1), l2Regularizer(scaleL2)], scope);
}

/** The sum of several; those that are null, or give null, do not count. */
export function sumRegularizer(regularizers: readonly (Regularizer | null)[], scope = 'sum_regularizer'): Regularizer {
  const given = regularizers.filter((r) => r !== null);
  return (weights) =>
    nameScope(scope, () => {
      const terms = given.map((regularizer) => regularizer(weights)).filter((term) => term !== null);
      return terms.length === 0 ? null : terms.reduce((sum, term) => add(sum, term));
    });
}

/**
 * Applies a regularizer to several values and adds the sum to `regularization_losses`.
 * @throws ArgumentError when there are none
 */
export function applyRegularization(regularizer: Regularizer, weights: readonly Tensor[]): Tensor {
  const [first] = weights;
  if (first === undefined) throw new ArgumentError('applyRegularization: no weights to regularize.');
  return nameScope('get_regularization_penalty', () => {
    const terms = weights.map((w) => regularizer(w)).filter((term) => term !== null);
    const sum = terms.length === 0 ? constant(0) : terms.reduce((total, term) => add(total, term));
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
