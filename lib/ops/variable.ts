import { defineOp, string } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { sourceTraits } from './traits.js';

/** The value that a variable has when a run begins. */
export const variable = defineOp({
  name: 'variable',
  inputs: [],
  outputs: ['y'],
  attrs: { name: string },
  traits: sourceTraits,
  source: true,
  infer: () => {
    throw new ShapeError('A variable states its type; it has none to infer.');
  },
  grad: null,
});
