import { apply, type Tensor } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import * as ops from '../../ops/index.js';
import { checkNumber, checkRate } from '../schedules/schedule.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Options of `ftrl`. */
export interface FtrlOptions {
  /** Not above 0. Default -0.5. */
  readonly learningRatePower?: number;
  /** Default 0.1. */
  readonly initialAccumulatorValue?: number;
  /** Default 0. */
  readonly l1RegularizationStrength?: number;
  /** Default 0. */
  readonly l2RegularizationStrength?: number;
  /** Penalty on the size of the gradient step. Default 0. */
  readonly l2ShrinkageRegularizationStrength?: number;
}

/** Data of the optimizer. */
export interface Ftrl extends Optimizer<'ftrl'>, Required<FtrlOptions> {}

const defaults = {
  learningRatePower: -0.5,
  initialAccumulatorValue: 0.1,
  l1RegularizationStrength: 0,
  l2RegularizationStrength: 0,
  l2ShrinkageRegularizationStrength: 0,
} satisfies Defaults<FtrlOptions>;

/**
 * FTRL-Proximal (McMahan et al., 2013); the formula stands at the op (`lib/ops/apply_ftrl.ts`). tf.train.FtrlOptimizer; slots `Ftrl`
 * (the sum of squares) and `Ftrl_1` (the linear term).
 * @throws ArgumentError
 */
export function ftrl(learningRate: LearningRate, options: FtrlOptions = {}): Ftrl {
  const where = 'optimizers.ftrl';
  const h = withDefaults(where, options, defaults);
  const {
    learningRatePower,
    initialAccumulatorValue,
    l1RegularizationStrength,
    l2RegularizationStrength,
    l2ShrinkageRegularizationStrength,
  } = h;
  checkNumber(where, 'learningRatePower', learningRatePower, 'a number that is not above 0', (v) => v <= 0);
  checkRate(where, 'initialAccumulatorValue', initialAccumulatorValue);
  checkRate(where, 'l1RegularizationStrength', l1RegularizationStrength);
  checkRate(where, 'l2RegularizationStrength', l2RegularizationStrength);
  checkRate(where, 'l2ShrinkageRegularizationStrength', l2ShrinkageRegularizationStrength);
  return makeOptimizer({ kind: 'ftrl', learningRate, ...h } as const, {
    scope: 'Ftrl',
    slots: [
      { name: 'Ftrl', initial: initialAccumulatorValue },
      { name: 'Ftrl', initial: 0 },
    ],
    update: ({ variable, slots, learningRate: rate, gradient }) => {
      const [accumulator, linear] = slots as readonly [Tensor, Tensor];
      const inputs = { variable, accumulator, linear, learning_rate: rate, gradient };
      const attrs = {
        learning_rate_power: learningRatePower,
        l1: l1RegularizationStrength,
        l2: l2RegularizationStrength,
        l2_shrinkage: l2ShrinkageRegularizationStrength,
      };
      return apply(ops.applyFtrl, inputs, attrs, 'ApplyFtrl').new_variable;
    },
  });
}
