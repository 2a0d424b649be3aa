import { defineOp, float } from '../core/op.js';
import { requireAssignable } from './checks.js';
import { updateTraits } from './traits.js';

/** variable <- variable - (variable - value) (1 - decay), when the run has ended well; `y` is the new value. */
export const assignMovingAverage = defineOp({
  name: 'assign_moving_average',
  inputs: ['variable', 'value'],
  outputs: ['y'],
  attrs: { decay: float },
  traits: updateTraits,
  updates: ['variable'],
  infer: ({ variable, value }) => {
    requireAssignable(variable, value);
    return { y: variable };
  },
  grad: null,
});
