import { ints, oneOf } from '../core/op.js';
import { shapeText, type TensorType } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { requireRank } from './checks.js';
import { type Padding, resolvePads, type Window, windowed } from './window.js';

/** Attributes of a convolution and of the ways back from it. */
export const convolutionAttrs = {
  strides: ints(2),
  dilations: ints(2),
  padding: oneOf('SAME', 'VALID', 'EXPLICIT'),
  pads: ints(4),
} as const;

export interface ConvolutionAttrs {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
  readonly pads: readonly number[];
}

function windowOf(filter: TensorType, a: ConvolutionAttrs): Window {
  return { ...a, ksize: [filter.shape[0] as number, filter.shape[1] as number] };
}

/** Type of the result for x [N,H,W,C] and filter [kh,kw,C,O]. @throws ShapeError */
export function inferConvolution(x: TensorType, filter: TensorType, a: ConvolutionAttrs): TensorType {
  requireRank('x', x, 4);
  requireRank('filter', filter, 4);
  if (filter.shape.some((d) => d === null || d < 1)) {
    throw new ShapeError(`filter: expected known, positive dimensions, received ${shapeText(filter.shape)}.`);
  }
  if (x.shape[3] !== filter.shape[2]) {
    throw new ShapeError(`x has ${x.shape[3]} channels, the filter takes ${filter.shape[2]}.`);
  }
  const [height, width] = windowed(x.shape, windowOf(filter, a));
  return { dtype: x.dtype, shape: [x.shape[0] as number | null, height, width, filter.shape[3] as number] };
}

/** SAME and VALID as explicit pads. */
export function resolveConvolution<A extends ConvolutionAttrs>(x: TensorType, filter: TensorType, a: A): A {
  return { ...a, padding: 'EXPLICIT', pads: resolvePads(x.shape, windowOf(filter, a)) };
}
