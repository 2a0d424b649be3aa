import { defineOp } from '../core/op.js';
import { binary } from './elementwise.js';

const sum = binary('add');

/** x + y, elementwise; shapes are aligned from the right and dimensions of 1 stretch. */
export const add = defineOp({
  ...sum,
  traits: { ...sum.traits, lowPrecision: 'own_scale' },
  grad: (v, { x, y, dz }) => ({ x: v.sumTo(dz, x), y: v.sumTo(dz, y) }),
});
