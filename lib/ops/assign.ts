import { defineOp } from '../core/op.js';
import { requireAssignable } from './checks.js';
import { updateTraits } from './traits.js';

/** variable <- value, when the run has ended well; `y` is the new value. */
export const assign = defineOp({
  name: 'assign',
  inputs: ['variable', 'value'],
  outputs: ['y'],
  attrs: {},
  traits: updateTraits,
  updates: ['variable'],
  infer: ({ variable, value }) => {
    requireAssignable(variable, value);
    return { y: variable };
  },
  grad: null,
});
