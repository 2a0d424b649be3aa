import { apply, type Tensor } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer, patterns } from './optimizer.js';

/** Options of `adamW`. */
export interface AdamWOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added outside of the root: "epsilon hat". Default 1e-8. */
  readonly epsilon?: number;
  /** Patterns of the names of variables that do not decay, such as `BatchNorm` and `biases`. Default none. */
  readonly exclude?: readonly string[];
}

/** Data of the optimizer. */
export interface AdamW extends Optimizer<'adamW'>, Required<AdamWOptions> {
  readonly weightDecay: number;
}

const defaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  exclude: [] as readonly string[],
} satisfies Defaults<AdamWOptions>;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): w <- w - learningRate weightDecay w, then the step of `adam`. The decay
 * takes the place of a regularizer, which would be scaled by 1 / sqrt(v). The form is PyTorch's; slots as those of `adam`.
 * @throws ArgumentError
 */
export function adamW(learningRate: LearningRate, weightDecay: number, options: AdamWOptions = {}): AdamW {
  const where = 'optimizers.adamW';
  const h = withDefaults(where, options, defaults);
  const { beta1, beta2, epsilon, exclude } = h;
  checkRate(where, 'weightDecay', weightDecay);
  checkRate(where, 'beta1', beta1);
  checkRate(where, 'beta2', beta2);
  checkRate(where, 'epsilon', epsilon);
  const excluded = patterns(where, 'exclude', exclude);
  return makeOptimizer({ kind: 'adamW', learningRate, weightDecay, ...h } as const, {
    scope: 'AdamW',
    slots: [
      { name: 'Adam', initial: 0 },
      { name: 'Adam', initial: 0 },
    ],
    powers: [
      { name: 'beta1_power', base: beta1 },
      { name: 'beta2_power', base: beta2 },
    ],
    update: ({ variable, slots, powers, learningRate: rate, gradient, name }) => {
      const [m, v] = slots as readonly [Tensor, Tensor];
      const [first, second] = powers as readonly [Tensor, Tensor];
      const inputs = { variable, m, v, beta1_power: first, beta2_power: second, learning_rate: rate, gradient };
      const decays = !excluded.some((pattern) => pattern.test(name));
      const attrs = { beta1, beta2, epsilon, weight_decay: decays ? weightDecay : 0 };
      return apply(ops.applyAdamW, inputs, attrs, 'ApplyAdamW').new_variable;
    },
  });
}
