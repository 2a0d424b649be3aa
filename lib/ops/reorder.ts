import { defineOp } from '../core/op.js';

/** The same tensor in a layout that a backend asked for; the layout stands with the value, not here. */
export const reorder = defineOp({
  name: 'reorder',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  internal: true,
  infer: ({ x }) => ({ y: x }),
});
