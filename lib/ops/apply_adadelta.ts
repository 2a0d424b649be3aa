import { defineOp, float } from '../core/op.js';
import { updated } from './checks.js';
import { optimizerTraits } from './traits.js';

/**
 * Adadelta (Zeiler, 2012), when the run has ended well: accumulator <- rho accumulator + (1 - rho) gradient^2;
 * update = gradient sqrt(accumulated_update + epsilon) / sqrt(accumulator + epsilon); variable <- variable - learning_rate update;
 * accumulated_update <- rho accumulated_update + (1 - rho) update^2.
 */
export const applyAdadelta = defineOp({
  name: 'apply_adadelta',
  inputs: ['variable', 'accumulator', 'accumulated_update', 'learning_rate', 'gradient'],
  outputs: ['new_variable', 'new_accumulator', 'new_accumulated_update'],
  attrs: { rho: float, epsilon: float },
  traits: optimizerTraits,
  updates: ['variable', 'accumulator', 'accumulated_update'],
  infer: (types) => updated(types, ['accumulator', 'accumulated_update']),
  grad: null,
});
