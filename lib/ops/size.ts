import { defineOp } from '../core/op.js';
import { ordinary } from './traits.js';

/** The number of elements of x (int64), a scalar. */
export const size = defineOp({
  name: 'size',
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  shapeOnly: ['x'],
  traits: { ...ordinary, dtypes: 'any', batchwise: 'never' },
  infer: () => ({ y: { dtype: 'int64', shape: [] } }),
  grad: null,
});
