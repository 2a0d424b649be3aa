import { bool, defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * LARS (You, Gitman and Ginsburg, 2017) as TensorFlow's contrib had it, when the run has ended well. With the norms of the variable and of
 * the gradient over all of their elements: trust = eeta |variable| / (|gradient| + weight_decay |variable| + epsilon), 1 where one of the
 * norms is 0; then apply_momentum at a learning rate of 1, with learning_rate trust (gradient + weight_decay variable) as gradient.
 */
export const applyLars = defineOp({
  name: 'apply_lars',
  inputs: ['variable', 'accumulator', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_accumulator'],
  attrs: { momentum: float, weight_decay: float, eeta: float, epsilon: float, use_nesterov: bool },
  traits: optimizerTraits,
  updates: ['variable', 'accumulator'],
  infer: (types) => updated(types, ['accumulator']),
  grad: null,
});
