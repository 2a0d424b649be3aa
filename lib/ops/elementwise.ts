import type { DType } from '../core/dtype.js';
import type { TensorType } from '../core/shape.js';
import { broadcastShapes } from '../core/shape.js';
import { requireFloating, requireSameDType } from './checks.js';

/** What ops share that apply a function to each floating-point element. */
export const floatUnary = {
  inputs: ['x'],
  outputs: ['y'],
  attrs: {},
  infer: ({ x }: { readonly x: TensorType }) => {
    requireFloating('x', x);
    return { y: x };
  },
} as const;

/**
 * What ops share that combine two tensors of one dtype element by element: shapes are aligned from the right and dimensions of 1
 * stretch.
 * @param result the dtype of the result where it is not that of the inputs
 */
export function binary<const N extends string>(name: N, result?: DType) {
  return {
    name,
    inputs: ['x', 'y'],
    outputs: ['z'],
    attrs: {},
    infer: ({ x, y }: { readonly x: TensorType; readonly y: TensorType }) => {
      requireSameDType(x, y);
      return { z: { dtype: result ?? x.dtype, shape: broadcastShapes(x.shape, y.shape, name) } };
    },
  } as const;
}
