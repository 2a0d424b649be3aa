import { apply, type Tensor } from '../../core/graph.js';
import { checkBoolean, type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `momentum`. */
export interface MomentumOptions {
  /** Look ahead, as Sutskever et al. (2013) write Nesterov's momentum. Default false. */
  readonly useNesterov?: boolean;
}

/** Data of the optimizer. */
export interface Momentum extends Optimizer<'momentum'>, Required<MomentumOptions> {
  readonly momentum: number;
}

const defaults = {
  useNesterov: false,
} satisfies Defaults<MomentumOptions>;

/**
 * Momentum: a <- momentum a + g; w <- w - learningRate a. tf.train.MomentumOptimizer; slot `Momentum`.
 * @throws ArgumentError
 */
export function momentum(learningRate: LearningRate, momentum: number, options: MomentumOptions = {}): Momentum {
  const where = 'optimizers.momentum';
  const h = withDefaults(where, options, defaults);
  const { useNesterov } = h;
  checkRate(where, 'momentum', momentum);
  checkBoolean(where, 'useNesterov', useNesterov);
  return makeOptimizer({ kind: 'momentum', learningRate, momentum, ...h } as const, {
    scope: 'Momentum',
    slots: [{ name: 'Momentum', initial: 0 }],
    update: ({ variable, slots: [accumulator], learningRate: rate, gradient }) =>
      apply(
        ops.applyMomentum,
        { variable, accumulator: accumulator as Tensor, learning_rate: rate, gradient },
        { momentum, use_nesterov: useNesterov },
        'ApplyMomentum',
      ).new_variable,
  });
}
