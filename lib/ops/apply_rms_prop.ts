import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * RMSProp as TensorFlow has it, when the run has ended well: mean_square <- decay mean_square + (1 - decay) gradient^2;
 * momentum_sum <- momentum momentum_sum + learning_rate gradient / sqrt(mean_square + epsilon); variable <- variable - momentum_sum.
 */
export const applyRmsProp = defineOp({
  name: 'apply_rms_prop',
  inputs: ['variable', 'mean_square', 'momentum_sum', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_mean_square', 'new_momentum_sum'],
  attrs: { decay: float, momentum: float, epsilon: float },
  traits: optimizerTraits,
  updates: ['variable', 'mean_square', 'momentum_sum'],
  infer: (types) => updated(types, ['mean_square', 'momentum_sum']),
  grad: null,
});
