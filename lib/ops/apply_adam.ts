import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * Adam (Kingma and Ba, 2015) as TensorFlow has it, with its "epsilon hat", when the run has ended well: m <- beta1 m + (1 - beta1) gradient;
 * v <- beta2 v + (1 - beta2) gradient^2;
 * variable <- variable - learning_rate sqrt(1 - beta2_power) / (1 - beta1_power) m / (sqrt(v) + epsilon). The powers are those of this step.
 */
export const applyAdam = defineOp({
  name: 'apply_adam',
  inputs: ['variable', 'm', 'v', 'beta1_power', 'beta2_power', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_m', 'new_v'],
  attrs: { beta1: float, beta2: float, epsilon: float },
  traits: optimizerTraits,
  updates: ['variable', 'm', 'v'],
  infer: (types) => updated(types, ['m', 'v']),
  grad: null,
});
