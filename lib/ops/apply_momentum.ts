import { bool, defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * Momentum as TensorFlow has it, when the run has ended well: accumulator <- momentum accumulator + gradient;
 * variable <- variable - learning_rate accumulator, or with Nesterov's variable - learning_rate (gradient + momentum accumulator).
 */
export const applyMomentum = defineOp({
  name: 'apply_momentum',
  inputs: ['variable', 'accumulator', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_accumulator'],
  attrs: { momentum: float, use_nesterov: bool },
  traits: optimizerTraits,
  updates: ['variable', 'accumulator'],
  infer: (types) => updated(types, ['accumulator']),
  grad: null,
});
