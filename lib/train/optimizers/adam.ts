import { apply, type Tensor } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `adam`. */
export interface AdamOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added outside of the root: "epsilon hat". Default 1e-8. */
  readonly epsilon?: number;
}

/** Data of the optimizer. */
export interface Adam extends Optimizer<'adam'>, Required<AdamOptions> {}

const defaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
} satisfies Defaults<AdamOptions>;

/**
 * Adam (Kingma and Ba, 2015): m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2;
 * w <- w - learningRate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon). tf.train.AdamOptimizer; slots `Adam` (m), `Adam_1` (v),
 * and the scalars `beta1_power` and `beta2_power`.
 * @throws ArgumentError
 */
export function adam(learningRate: LearningRate = 0.001, options: AdamOptions = {}): Adam {
  const where = 'optimizers.adam';
  const h = withDefaults(where, options, defaults);
  const { beta1, beta2, epsilon } = h;
  checkRate(where, 'beta1', beta1);
  checkRate(where, 'beta2', beta2);
  checkRate(where, 'epsilon', epsilon);
  return makeOptimizer({ kind: 'adam', learningRate, ...h } as const, {
    scope: 'Adam',
    slots: [
      { name: 'Adam', initial: 0 },
      { name: 'Adam', initial: 0 },
    ],
    powers: [
      { name: 'beta1_power', base: beta1 },
      { name: 'beta2_power', base: beta2 },
    ],
    update: ({ variable, slots, powers, learningRate: rate, gradient }) => {
      const [m, v] = slots as readonly [Tensor, Tensor];
      const [first, second] = powers as readonly [Tensor, Tensor];
      const inputs = { variable, m, v, beta1_power: first, beta2_power: second, learning_rate: rate, gradient };
      return apply(ops.applyAdam, inputs, { beta1, beta2, epsilon }, 'ApplyAdam').new_variable;
    },
  });
}
