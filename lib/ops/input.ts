import { defineOp, string } from '../core/op.js';
import { ShapeError } from '../errors.js';

/** A value that is handed in at each run. */
export const input = defineOp({
  name: 'input',
  inputs: [],
  outputs: ['y'],
  attrs: { name: string },
  source: true,
  infer: () => {
    throw new ShapeError('An input states its type; it has none to infer.');
  },
});
