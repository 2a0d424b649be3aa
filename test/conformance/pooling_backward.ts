/** Cases that the ways back from both poolings share. */
import { type Case, fromTensorFlow } from './cases.js';
import * as naive from './naive.js';
import { poolAttrs } from './pooling.js';

type Shape = readonly number[];
type Share = (values: readonly number[]) => readonly number[];

/** The way back through a pooling with explicit pads. `values` are those of x, other than generated ones. */
export function poolBackward(shape: Shape, window: naive.Window, share: Share, values?: readonly number[]): Case {
  const { ksize, strides, pads } = window;
  const size = (axis: 0 | 1) => {
    const padded = (shape[axis + 1] as number) + (pads[2 * axis] as number) + (pads[2 * axis + 1] as number);
    return Math.floor((padded - (ksize[axis] as number)) / (strides[axis] as number)) + 1;
  };
  const x = { shape, k: 21, scale: 3, offset: -1 };
  return {
    name: `[${shape}] window ${ksize} strides ${strides} pads ${pads}`,
    inputs: [
      values === undefined ? x : { shape, values },
      { shape: [shape[0] as number, size(0), size(1), shape[3] as number], k: 22 },
    ],
    attrs: { ksize, strides, padding: 'EXPLICIT', pads },
    expected: (image = [], dy = []) => [naive.pool2dBackward(shape, window, share, image, dy)],
  };
}

export function poolBackwardCases(op: string, share: Share): Case[] {
  const float64 = poolBackward([1, 4, 5, 3], { ksize: [2, 2], strides: [2, 2], pads: [1, 0, 0, 1] }, share);
  return [
    ...fromTensorFlow(op, poolAttrs),
    poolBackward([1, 57, 56, 8], { ksize: [3, 3], strides: [2, 2], pads: [0, 1, 0, 1] }, share),
    poolBackward([3, 9, 7, 17], { ksize: [3, 2], strides: [1, 3], pads: [2, 0, 0, 1] }, share),
    poolBackward([2, 7, 7, 64], { ksize: [7, 7], strides: [1, 1], pads: [0, 0, 0, 0] }, share),
    poolBackward([1, 5, 5, 1], { ksize: [5, 3], strides: [4, 5], pads: [4, 4, 2, 0] }, share),
    poolBackward([1, 1, 1, 3], { ksize: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0] }, share),
    poolBackward([1, 2, 3, 5], { ksize: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1] }, share),
    poolBackward([1, 7, 7, 4], { ksize: [2, 2], strides: [3, 3], pads: [0, 0, 0, 0] }, share),
    poolBackward([0, 4, 4, 3], { ksize: [2, 2], strides: [2, 2], pads: [0, 0, 0, 0] }, share),
    {
      ...float64,
      name: 'float64',
      inputs: float64.inputs.map((spec) => ({ ...spec, dtype: 'float64' as const })),
      tolerance: { relative: 1e-14 },
    },
  ];
}
