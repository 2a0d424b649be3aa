import { defineOp, float } from '../core/op.js';
import { sameShape, shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { updateTraits } from './traits.js';

/**
 * The moving average of Adam's paper, without its bias towards the initial zero, when the run has ended well:
 * biased <- biased - (biased - value) (1 - decay); local_step <- local_step + 1;
 * variable <- variable - (variable - biased / (1 - decay^local_step)). The results are the three new values.
 */
export const assignDebiasedMovingAverage = defineOp({
  name: 'assign_debiased_moving_average',
  inputs: ['variable', 'biased', 'local_step', 'value'],
  outputs: ['y', 'new_biased', 'new_local_step'],
  attrs: { decay: float },
  traits: updateTraits,
  updates: ['variable', 'biased', 'local_step'],
  infer: ({ variable, biased, local_step: step, value }) => {
    if (
      !sameShape(variable.shape, value.shape) ||
      !sameShape(variable.shape, biased.shape) ||
      step.shape.length !== 0
    ) {
      throw new ShapeError(
        `Expected three of one shape and a scalar step, received ${[variable, biased, value, step].map((t) => shapeText(t.shape)).join(', ')}.`,
      );
    }
    return { y: variable, new_biased: biased, new_local_step: step };
  },
  grad: null,
});
