import { apply, type Tensor } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkPositive } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `adagrad`. */
export interface AdagradOptions {
  /** Default 0.1. */
  readonly initialAccumulatorValue?: number;
}

/** Data of the optimizer. */
export interface Adagrad extends Optimizer<'adagrad'>, Required<AdagradOptions> {}

const defaults = {
  initialAccumulatorValue: 0.1,
} satisfies Defaults<AdagradOptions>;

/**
 * Adagrad (Duchi et al., 2011): a <- a + g^2; w <- w - learningRate g / sqrt(a). tf.train.AdagradOptimizer; slot `Adagrad`.
 * @throws ArgumentError
 */
export function adagrad(learningRate: LearningRate, options: AdagradOptions = {}): Adagrad {
  const where = 'optimizers.adagrad';
  const h = withDefaults(where, options, defaults);
  const { initialAccumulatorValue } = h;
  checkPositive(where, 'initialAccumulatorValue', initialAccumulatorValue);
  return makeOptimizer({ kind: 'adagrad', learningRate, ...h } as const, {
    scope: 'Adagrad',
    slots: [{ name: 'Adagrad', initial: initialAccumulatorValue }],
    update: ({ variable, slots: [accumulator], learningRate: rate, gradient }) =>
      apply(
        ops.applyAdagrad,
        { variable, accumulator: accumulator as Tensor, learning_rate: rate, gradient },
        {},
        'ApplyAdagrad',
      ).new_variable,
  });
}
