import { defineOp } from '../core/op.js';
import { sourceTraits } from './traits.js';

/**
 * The value that a variable will have when the run has ended: that of the last update of the plan which changes it, or the one that it
 * has where none does. What is computed from it stands behind all of these updates, whichever were added to the graph first.
 */
export const newValue = defineOp({
  name: 'new_value',
  inputs: ['variable'],
  outputs: ['y'],
  attrs: {},
  traits: sourceTraits,
  graphOnly: true,
  infer: ({ variable }) => ({ y: variable }),
  grad: 'it stands behind the updates that gradients make',
});
