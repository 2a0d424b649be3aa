import { defineOp, ints } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** The axes in another order: axis i of y is axis `perm[i]` of x. */
export const transpose = defineOp({
  name: 'transpose',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { perm: ints() },
  traits: { ...ordinary, dtypes: 'any', batchwise: 'attrs' },
  infer: ({ x }, { perm }) => {
    const rank = x.shape.length;
    if (perm.length !== rank || [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new ShapeError(`perm: expected each axis below ${rank} once, received [${perm}].`);
    return { y: { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis] as number | null) } };
  },
  grad: (v, { dy }, { perm }) => ({
    x: v.transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  }),
});
