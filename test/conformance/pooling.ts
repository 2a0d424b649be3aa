/** Cases that both poolings share. */
import type { Attrs, Case } from './cases.js';
import * as naive from './naive.js';

/** Attributes of TensorFlow's fixtures as the ops want them. */
export function poolAttrs({ ksize, strides, padding }: Readonly<Record<string, unknown>>): Attrs {
  return { ksize: ksize as number[], strides: strides as number[], padding: padding as string, pads: [0, 0, 0, 0] };
}

/** A pooling with explicit pads. */
export function pool(
  shape: readonly number[],
  window: naive.Window,
  fold: (values: readonly number[]) => number,
): Case {
  const { ksize, strides, pads } = window;
  return {
    name: `[${shape}] window ${ksize} strides ${strides} pads ${pads}`,
    inputs: [{ shape, k: 21, scale: 3, offset: -1 }],
    attrs: { ksize, strides, padding: 'EXPLICIT', pads },
    expected: (x = []) => [naive.pool2d(shape, window, fold, x)],
  };
}

export function poolCases(fold: (values: readonly number[]) => number): Case[] {
  return [
    pool([1, 57, 56, 8], { ksize: [3, 3], strides: [2, 2], pads: [0, 1, 0, 1] }, fold),
    pool([3, 9, 7, 17], { ksize: [3, 2], strides: [1, 3], pads: [2, 0, 0, 1] }, fold),
    pool([2, 7, 7, 64], { ksize: [7, 7], strides: [1, 1], pads: [0, 0, 0, 0] }, fold),
    pool([1, 5, 5, 1], { ksize: [5, 3], strides: [4, 5], pads: [4, 4, 2, 0] }, fold),
    pool([1, 1, 1, 3], { ksize: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] }, fold),
    pool([1, 2, 3, 5], { ksize: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1] }, fold),
    pool([0, 4, 4, 3], { ksize: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }, fold),
    {
      ...pool([1, 4, 5, 3], { ksize: [2, 2], strides: [2, 2], pads: [1, 0, 0, 1] }, fold),
      name: 'float64',
      inputs: [{ shape: [1, 4, 5, 3], dtype: 'float64', k: 21 }],
      tolerance: { relative: 1e-14 },
    },
  ];
}
