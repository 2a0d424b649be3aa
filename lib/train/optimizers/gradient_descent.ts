import { apply } from '../../core/graph.js';
import * as ops from '../../ops/index.js';
import { type LearningRate, makeOptimizer, type Optimizer } from './optimizer.js';

/** Data of the optimizer. */
export interface GradientDescent extends Optimizer<'gradientDescent'> {}

/**
 * Gradient descent: w <- w - learningRate g. tf.train.GradientDescentOptimizer, `sgd` of train_image_classifier.
 * @throws ArgumentError
 */
export function gradientDescent(learningRate: LearningRate): GradientDescent {
  return makeOptimizer({ kind: 'gradientDescent', learningRate } as const, {
    scope: 'GradientDescent',
    slots: [],
    update: ({ variable, learningRate: rate, gradient }) =>
      apply(ops.applyGradientDescent, { variable, learning_rate: rate, gradient }, {}, 'ApplyGradientDescent')
        .new_variable,
  });
}
