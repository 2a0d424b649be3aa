import { defineOp, ints } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** Zeros around x: `pads` holds [before, after] for each axis in turn. */
export const pad = defineOp({
  name: 'pad',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { pads: ints() },
  traits: { ...ordinary, dtypes: 'any', batchwise: 'attrs', lowPrecision: 'input_scale' },
  infer: ({ x }, { pads }) => {
    if (pads.length !== 2 * x.shape.length || pads.some((p) => p < 0)) {
      throw new ShapeError(`Expected ${2 * x.shape.length} pads that are not negative, received [${pads}].`);
    }
    const shape = x.shape.map((d, i) =>
      d === null ? null : d + (pads[2 * i] as number) + (pads[2 * i + 1] as number),
    );
    return { y: { dtype: x.dtype, shape } };
  },
  grad: (v, { dy }, { pads }) => ({ x: v.crop(dy, pads) }),
});
