import { defineOp, float } from '../core/op.js';
import { sameShape, shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { requireSameDType } from './checks.js';

/** variable <- variable - (variable - value) (1 - decay), when the run ends; `y` is the new value. */
export const assignMovingAverage = defineOp({
  name: 'assign_moving_average',
  inputs: ['variable', 'value'],
  outputs: ['y'],
  attrs: { decay: float },
  updates: ['variable'],
  infer: ({ variable, value }) => {
    requireSameDType(variable, value);
    if (!sameShape(variable.shape, value.shape)) {
      throw new ShapeError(`The variable is ${shapeText(variable.shape)}, the value ${shapeText(value.shape)}.`);
    }
    return { y: variable };
  },
});
