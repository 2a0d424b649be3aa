import { defineOp, string } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { sourceTraits } from './traits.js';

/** A value that is handed in at each run. */
export const input = defineOp({
  name: 'input',
  inputs: [],
  outputs: ['y'],
  attrs: { name: string },
  traits: sourceTraits,
  source: true,
  infer: () => {
    throw new ShapeError('An input states its type; it has none to infer.');
  },
  grad: null,
});
