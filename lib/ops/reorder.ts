import { defineOp } from '../core/op.js';
import { ordinary } from './traits.js';

/** The same tensor in a layout that a backend asked for; the layout stands with the value, not here. */
export const reorder = defineOp({
  name: 'reorder',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'any', batchwise: 'first', lowPrecision: 'own_scale' },
  internal: true,
  infer: ({ x }) => ({ y: x }),
  grad: 'only the compiler makes it',
});
