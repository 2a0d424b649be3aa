import { apply, type Tensor } from '../../core/graph.js';
import { checkBoolean, type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `rmsProp`. */
export interface RmsPropOptions {
  /** How much of the mean square each step keeps. Default 0.9. */
  readonly decay?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** Added inside the root. Default 1e-10. */
  readonly epsilon?: number;
  /** Divide by an estimate of the variance. Default false. */
  readonly centered?: boolean;
}

/** Data of the optimizer. */
export interface RmsProp extends Optimizer<'rmsProp'>, Required<RmsPropOptions> {}

const defaults = {
  decay: 0.9,
  momentum: 0,
  epsilon: 1e-10,
  centered: false,
} satisfies Defaults<RmsPropOptions>;

/**
 * RMSProp: ms <- decay ms + (1 - decay) g^2; mom <- momentum mom + learningRate g / sqrt(ms + epsilon); w <- w - mom.
 * tf.train.RMSPropOptimizer; slots `RMSProp` (ms, 1 at first), `RMSProp_1` (mom), and with `centered` the mean gradient between them.
 * @throws ArgumentError
 */
export function rmsProp(learningRate: LearningRate, options: RmsPropOptions = {}): RmsProp {
  const where = 'optimizers.rmsProp';
  const h = withDefaults(where, options, defaults);
  const { decay, momentum, epsilon, centered } = h;
  checkRate(where, 'decay', decay);
  checkRate(where, 'momentum', momentum);
  checkRate(where, 'epsilon', epsilon);
  checkBoolean(where, 'centered', centered);
  const attrs = { decay, momentum, epsilon };
  const square = { name: 'RMSProp', initial: 1 };
  const zero = { name: 'RMSProp', initial: 0 };
  return makeOptimizer({ kind: 'rmsProp', learningRate, ...h } as const, {
    scope: 'RMSProp',
    slots: centered ? [square, zero, zero] : [square, zero],
    update: ({ variable, slots, learningRate: rate, gradient }) => {
      const [meanSquare, second, third] = slots as readonly [Tensor, Tensor, Tensor];
      const common = { variable, mean_square: meanSquare, learning_rate: rate, gradient };
      return centered
        ? apply(
            ops.applyCenteredRmsProp,
            { ...common, mean_gradient: second, momentum_sum: third },
            attrs,
            'ApplyCenteredRMSProp',
          ).new_variable
        : apply(ops.applyRmsProp, { ...common, momentum_sum: second }, attrs, 'ApplyRMSProp').new_variable;
    },
  });
}
