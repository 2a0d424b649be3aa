import { defineOp } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * Adagrad as TensorFlow 1 has it, when the run has ended well: accumulator <- accumulator + gradient^2;
 * variable <- variable - learning_rate gradient / sqrt(accumulator).
 */
export const applyAdagrad = defineOp({
  name: 'apply_adagrad',
  inputs: ['variable', 'accumulator', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_accumulator'],
  attrs: {},
  traits: optimizerTraits,
  updates: ['variable', 'accumulator'],
  infer: (types) => updated(types, ['accumulator']),
  grad: null,
});
