import { defineOp, ints } from '../core/op.js';
import { shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** What `pad` has put zeros around: drops `pads`, [before, after] of each axis in turn. */
export const crop = defineOp({
  name: 'crop',
  inputs: ['x'],
  outputs: ['y'],
  attrs: { pads: ints() },
  traits: { ...ordinary, dtypes: 'any', batchwise: 'attrs', lowPrecision: 'input_scale' },
  infer: ({ x }, { pads }) => {
    if (pads.length !== 2 * x.shape.length || pads.some((p) => p < 0)) {
      throw new ShapeError(`Expected ${2 * x.shape.length} pads that are not negative, received [${pads}].`);
    }
    const shape = x.shape.map((d, i) =>
      d === null ? null : d - (pads[2 * i] as number) - (pads[2 * i + 1] as number),
    );
    if (shape.some((d) => d !== null && d < 0))
      throw new ShapeError(`The pads [${pads}] are more than ${shapeText(x.shape)} has.`);
    return { y: { dtype: x.dtype, shape } };
  },
  grad: (v, { dy }, { pads }) => ({ x: v.pad(dy, pads) }),
});
