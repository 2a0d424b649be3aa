import { defineOp, floats } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { sourceTraits } from './traits.js';

/** Values that are part of the plan: as many as the shape has elements, or one that fills it. */
export const constant = defineOp({
  name: 'constant',
  inputs: [],
  outputs: ['y'],
  attrs: { values: floats },
  traits: sourceTraits,
  source: true,
  infer: () => {
    throw new ShapeError('A constant states its type; it has none to infer.');
  },
  grad: null,
});
