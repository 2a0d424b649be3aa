import { apply, type Tensor } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `adadelta`. */
export interface AdadeltaOptions {
  /** Default 0.95. */
  readonly rho?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** Data of the optimizer. */
export interface Adadelta extends Optimizer<'adadelta'>, Required<AdadeltaOptions> {}

const defaults = {
  rho: 0.95,
  epsilon: 1e-8,
} satisfies Defaults<AdadeltaOptions>;

/**
 * Adadelta (Zeiler, 2012): a <- rho a + (1 - rho) g^2; u = g sqrt(d + epsilon) / sqrt(a + epsilon); w <- w - learningRate u;
 * d <- rho d + (1 - rho) u^2. tf.train.AdadeltaOptimizer; slots `Adadelta` (a), `Adadelta_1` (d).
 * @throws ArgumentError
 */
export function adadelta(learningRate: LearningRate = 0.001, options: AdadeltaOptions = {}): Adadelta {
  const where = 'optimizers.adadelta';
  const h = withDefaults(where, options, defaults);
  const { rho, epsilon } = h;
  checkRate(where, 'rho', rho);
  checkRate(where, 'epsilon', epsilon);
  return makeOptimizer({ kind: 'adadelta', learningRate, ...h } as const, {
    scope: 'Adadelta',
    slots: [
      { name: 'Adadelta', initial: 0 },
      { name: 'Adadelta', initial: 0 },
    ],
    update: ({ variable, slots, learningRate: rate, gradient }) => {
      const [accumulator, update] = slots as readonly [Tensor, Tensor];
      const inputs = { variable, accumulator, accumulated_update: update, learning_rate: rate, gradient };
      return apply(ops.applyAdadelta, inputs, { rho, epsilon }, 'ApplyAdadelta').new_variable;
    },
  });
}
