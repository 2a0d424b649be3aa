import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * As apply_rms_prop, divided by an estimate of the variance: mean_gradient <- decay mean_gradient + (1 - decay) gradient, and the root is
 * that of mean_square - mean_gradient^2 + epsilon.
 */
export const applyCenteredRmsProp = defineOp({
  name: 'apply_centered_rms_prop',
  inputs: ['variable', 'mean_gradient', 'mean_square', 'momentum_sum', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_mean_gradient', 'new_mean_square', 'new_momentum_sum'],
  attrs: { decay: float, momentum: float, epsilon: float },
  traits: optimizerTraits,
  updates: ['variable', 'mean_gradient', 'mean_square', 'momentum_sum'],
  infer: (types) => updated(types, ['mean_gradient', 'mean_square', 'momentum_sum']),
  grad: null,
});
