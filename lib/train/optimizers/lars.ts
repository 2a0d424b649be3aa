import { apply, type Tensor } from '../../core/graph.js';
import { checkBoolean, type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { multiply } from '../../slim/math.js';
import { constant } from '../../slim/placeholder.js';
import { checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer, patterns } from './optimizer.js';

/** Options of `lars`. */
export interface LarsOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Takes the place of a regularizer. Default 0.0001. */
  readonly weightDecay?: number;
  /** The trust coefficient. Default 0.001. */
  readonly eeta?: number;
  /** Added to the denominator. Default 0. */
  readonly epsilon?: number;
  /** Default false. */
  readonly useNesterov?: boolean;
  /** Patterns of the names of variables that get plain momentum without weight decay, such as `BatchNorm` and `biases`. Default none. */
  readonly exclude?: readonly string[];
}

/** Data of the optimizer. */
export interface Lars extends Optimizer<'lars'>, Required<LarsOptions> {}

const defaults = {
  momentum: 0.9,
  weightDecay: 0.0001,
  eeta: 0.001,
  epsilon: 0,
  useNesterov: false,
  exclude: [] as readonly string[],
} satisfies Defaults<LarsOptions>;

/**
 * LARS (You, Gitman and Ginsburg, 2017): momentum with a learning rate for each variable, learningRate eeta |w| / (|g| + weightDecay |w|),
 * for large batches. The accumulator sums up scaled gradients, as in the paper and in TensorFlow 1's contrib (`LARSOptimizer`, after which the
 * slot is named).
 * @throws ArgumentError
 */
export function lars(learningRate: LearningRate, options: LarsOptions = {}): Lars {
  const where = 'optimizers.lars';
  const h = withDefaults(where, options, defaults);
  const { momentum, weightDecay, eeta, epsilon, useNesterov, exclude } = h;
  checkRate(where, 'momentum', momentum);
  checkRate(where, 'weightDecay', weightDecay);
  checkRate(where, 'eeta', eeta);
  checkRate(where, 'epsilon', epsilon);
  checkBoolean(where, 'useNesterov', useNesterov);
  const excluded = patterns(where, 'exclude', exclude);
  return makeOptimizer({ kind: 'lars', learningRate, ...h } as const, {
    scope: 'LARS',
    slots: [{ name: 'LARSOptimizer', initial: 0 }],
    update: ({ variable, slots: [accumulator], learningRate: rate, gradient, name }) => {
      const state = { variable, accumulator: accumulator as Tensor };
      const plain = { momentum, use_nesterov: useNesterov };
      if (excluded.some((pattern) => pattern.test(name))) {
        const scaled = { learning_rate: constant(1, { dtype: variable.dtype }), gradient: multiply(gradient, rate) };
        return apply(ops.applyMomentum, { ...state, ...scaled }, plain, 'ApplyMomentum').new_variable;
      }
      const inputs = { ...state, learning_rate: rate, gradient };
      return apply(ops.applyLars, inputs, { ...plain, weight_decay: weightDecay, eeta, epsilon }, 'ApplyLARS')
        .new_variable;
    },
  });
}
