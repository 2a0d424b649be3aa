import { ints, oneOf } from '../core/op.js';
import type { TensorType } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { requireRank } from './checks.js';
import { ordinary } from './traits.js';
import { type Padding, resolvePads, type Window, windowed } from './window.js';

/** Attributes that the poolings and the ways back from them share. */
export const poolAttrs = {
  ksize: ints(2),
  strides: ints(2),
  padding: oneOf('SAME', 'VALID', 'EXPLICIT'),
  pads: ints(4),
} as const;

export interface PoolAttrs {
  readonly ksize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly pads: readonly number[];
}

function windowOf(a: PoolAttrs): Window {
  return { ...a, ksize: a.ksize as readonly [number, number], dilations: [1, 1] };
}

/** What both poolings say of themselves. */
export const poolTraits = { ...ordinary, dtypes: 'float', batchwise: 'first', lowPrecision: 'own_scale' } as const;

/** Output type of a pooling. @throws ShapeError */
export function inferPool(x: TensorType, a: PoolAttrs): TensorType {
  requireRank('x', x, 4);
  const [top, bottom, left, right] = a.pads as readonly [number, number, number, number];
  if (Math.max(top, bottom) >= (a.ksize[0] as number) || Math.max(left, right) >= (a.ksize[1] as number)) {
    if (a.pads.some((p) => p > 0))
      throw new ShapeError(`Pads [${a.pads}] must be smaller than the window [${a.ksize}].`);
  }
  const [height, width] = windowed(x.shape, windowOf(a));
  return { dtype: x.dtype, shape: [x.shape[0] as number | null, height, width, x.shape[3] as number | null] };
}

/** SAME and VALID as explicit pads. */
export function resolvePool<A extends PoolAttrs>(x: TensorType, a: A): A {
  return { ...a, padding: 'EXPLICIT', pads: resolvePads(x.shape, windowOf(a)) };
}
