import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), when the run has ended well: first
 * variable <- variable (1 - learning_rate weight_decay), then the step of apply_adam.
 */
export const applyAdamW = defineOp({
  name: 'apply_adam_w',
  inputs: ['variable', 'm', 'v', 'beta1_power', 'beta2_power', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_m', 'new_v'],
  attrs: { beta1: float, beta2: float, epsilon: float, weight_decay: float },
  traits: optimizerTraits,
  updates: ['variable', 'm', 'v'],
  infer: (types) => updated(types, ['m', 'v']),
  grad: null,
});
