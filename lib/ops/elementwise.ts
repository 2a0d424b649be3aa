import type { TensorType } from '../core/shape.js';
import { accepts, broadcastShapes, type Shape, shapeText } from '../core/shape.js';
import { ShapeError } from '../errors.js';
import { ordinary } from './traits.js';

/** What ops share that apply a function to each floating-point element. */
export const floatUnary = {
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  traits: { ...ordinary, dtypes: 'float', batchwise: 'first', elementwise: true },
  infer: ({ x }: { readonly x: TensorType }) => ({ y: x }),
} as const;

interface Pair {
  readonly x: TensorType;
  readonly y: TensorType;
}

const pairwise = { ...ordinary, batchwise: 'broadcast', elementwise: true } as const;

/**
 * What ops share that combine the numbers of two tensors element by element: shapes are aligned from the right and dimensions of 1
 * stretch.
 */
export function binary<const N extends string>(name: N) {
  return {
    name,
    inputs: ['x', 'y'],
    outputs: ['z'],
    attrs: {},
    traits: { ...pairwise, dtypes: 'number' },
    infer: ({ x, y }: Pair) => ({ z: { dtype: x.dtype, shape: broadcastShapes(x.shape, y.shape, name) } }),
  } as const;
}

/** As `binary`, of floating-point numbers alone. */
export function floatBinary<const N extends string>(name: N) {
  return { ...binary(name), traits: { ...pairwise, dtypes: 'float' } } as const;
}

/** What ops share that compare two tensors of any dtype element by element: the result is bool, shapes as in `binary`. */
export function comparison<const N extends string>(name: N) {
  return {
    name,
    inputs: ['x', 'y'],
    outputs: ['z'],
    attrs: {},
    traits: { ...pairwise, dtypes: 'any' },
    infer: ({ x, y }: Pair) => ({ z: { dtype: 'bool' as const, shape: broadcastShapes(x.shape, y.shape, name) } }),
  } as const;
}

/** @throws ShapeError unless `from` can be stretched to `to` */
export function requireBroadcast(from: Shape, to: Shape): void {
  const stretched = from.length > to.length ? null : broadcastShapes(from, to, 'broadcast');
  if (stretched === null || !accepts(to, stretched))
    throw new ShapeError(`${shapeText(from)} cannot be stretched to ${shapeText(to)}.`);
}
