import { defineOp } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * variable <- variable - learning_rate gradient, when the run has ended well.
 */
export const applyGradientDescent = defineOp({
  name: 'apply_gradient_descent',
  inputs: ['variable', 'learning_rate', 'gradient'],
  outputs: ['new_variable'],
  attrs: {},
  traits: optimizerTraits,
  updates: ['variable'],
  infer: (types) => updated(types, []),
  grad: null,
});
