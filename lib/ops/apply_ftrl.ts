import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * FTRL-Proximal (McMahan et al., 2013) as TensorFlow has it, when the run has ended well, with p = learning_rate_power:
 * n' = accumulator + gradient^2; linear <- linear + gradient + 2 l2_shrinkage variable - (n'^-p - accumulator^-p) / learning_rate variable;
 * variable <- (sign(linear) l1 - linear) / (n'^-p / learning_rate + 2 l2) where |linear| > l1, else 0; accumulator <- n'.
 */
export const applyFtrl = defineOp({
  name: 'apply_ftrl',
  inputs: ['variable', 'accumulator', 'linear', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_accumulator', 'new_linear'],
  attrs: { learning_rate_power: float, l1: float, l2: float, l2_shrinkage: float },
  traits: optimizerTraits,
  updates: ['variable', 'accumulator', 'linear'],
  infer: (types) => updated(types, ['accumulator', 'linear']),
  grad: null,
});
