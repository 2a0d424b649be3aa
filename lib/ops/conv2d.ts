import { defineOp, ints, oneOf } from '../core/op.js';
import { shapeText, type TensorType } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { requireRank } from './checks.js';
import { ordinary } from './traits.js';
import { type Padding, resolvePads, type Window, windowed } from './window.js';

interface Attrs {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
  readonly pads: readonly number[];
}

function windowOf(filter: TensorType, a: Attrs): Window {
  return { ...a, ksize: [filter.shape[0] as number, filter.shape[1] as number] };
}

/** Cross-correlation of x [N,H,W,C] with filter [kh,kw,C,O]: y [N,H',W',O]. `pads` are [top, bottom, left, right]. */
export const conv2d = defineOp({
  name: 'conv2d',
  inputs: ['x', 'filter'],
  outputs: ['y'],
  attrs: { strides: ints(2), dilations: ints(2), padding: oneOf('SAME', 'VALID', 'EXPLICIT'), pads: ints(4) },
  traits: { ...ordinary, dtypes: 'float', batchwise: 'first', product: true, lowPrecision: 'own_scale' },
  infer: ({ x, filter }, a) => {
    requireRank('x', x, 4);
    requireRank('filter', filter, 4);
    if (filter.shape.some((d) => d === null || d < 1)) {
      throw new ShapeError(`filter: expected known, positive dimensions, received ${shapeText(filter.shape)}.`);
    }
    if (x.shape[3] !== filter.shape[2]) {
      throw new ShapeError(`x has ${x.shape[3]} channels, the filter takes ${filter.shape[2]}.`);
    }
    const [height, width] = windowed(x.shape, windowOf(filter, a));
    return { y: { dtype: x.dtype, shape: [x.shape[0] as number | null, height, width, filter.shape[3] as number] } };
  },
  resolve: ({ x, filter }, a) => ({ ...a, padding: 'EXPLICIT', pads: resolvePads(x.shape, windowOf(filter, a)) }),
});
