/** What the cases of both ways back from a convolution share. */
import { type Attrs, type Case, fromTensorFlow, type InputSpec } from './cases.js';
import * as naive from './naive.js';

type Shape = readonly number[];
type Window = Omit<naive.Window, 'ksize'>;

const unit: Window = { strides: [1, 1], pads: [0, 0, 0, 0] };

/** x, filter, window. */
const shapes: readonly (readonly [Shape, Shape, Window])[] = [
  [[2, 9, 8, 5], [3, 3, 5, 7], { ...unit, pads: [1, 1, 1, 1] }],
  [[1, 8, 8, 16], [3, 3, 16, 32], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  [[2, 7, 9, 3], [7, 7, 3, 8], { strides: [2, 2], pads: [3, 3, 3, 3] }],
  [[1, 9, 9, 4], [3, 3, 4, 6], { strides: [1, 1], dilations: [2, 2], pads: [2, 2, 2, 2] }],
  [[1, 11, 10, 2], [3, 2, 2, 3], { strides: [2, 1], dilations: [2, 3], pads: [0, 3, 1, 0] }],
  [[3, 5, 5, 64], [1, 1, 64, 32], unit],
  [[2, 8, 8, 64], [1, 1, 64, 128], { strides: [2, 2], pads: [0, 0, 0, 0] }],
  [[2, 7, 7, 3], [1, 1, 3, 16], { strides: [2, 2], pads: [0, 0, 0, 0] }],
  [[2, 6, 6, 12], [1, 1, 12, 24], { strides: [2, 2], pads: [0, 0, 0, 0] }],
  [[1, 5, 7, 1], [1, 1, 1, 1], { strides: [3, 2], pads: [0, 0, 0, 0] }],
  // Many tiles and channels in sixteens: the gradient of the images by Winograd's method.
  [[4, 16, 16, 32], [3, 3, 32, 48], { ...unit, pads: [1, 1, 1, 1] }],
  [[4, 18, 15, 32], [3, 3, 32, 16], unit],
  [[4, 17, 15, 48], [3, 3, 48, 32], { ...unit, pads: [0, 2, 1, 0] }],
  // Outputs that see nothing but padding, and pixels that no output sees.
  [[1, 2, 2, 3], [2, 2, 3, 4], { strides: [3, 3], pads: [4, 3, 4, 3] }],
  [[1, 6, 6, 2], [2, 2, 2, 3], { strides: [4, 4], pads: [0, 0, 0, 0] }],
  [[4, 1, 1, 20], [1, 1, 20, 10], unit],
  [[2, 0, 3, 3], [2, 2, 3, 4], { ...unit, pads: [1, 1, 1, 1] }],
  [[0, 4, 4, 3], [3, 3, 3, 2], { ...unit, pads: [1, 1, 1, 1] }],
];

function attrsOf({ strides, dilations = [1, 1], pads }: Window): Attrs {
  return { strides, dilations, padding: 'EXPLICIT', pads };
}

function resultShape(
  [n, h, w]: Shape,
  [kh, kw, , filters]: Shape,
  { strides, dilations = [1, 1], pads }: Window,
): Shape {
  const size = (axis: 0 | 1, d: number, k: number) => {
    const reach = (k - 1) * (dilations[axis] as number) + 1;
    const padded = d + (pads[2 * axis] as number) + (pads[2 * axis + 1] as number);
    return Math.floor((padded - reach) / (strides[axis] as number)) + 1;
  };
  return [n as number, size(0, h as number, kh as number), size(1, w as number, kw as number), filters as number];
}

/** TensorFlow's cases of an op, and shapes of all kinds against the definition. */
export function conv2dBackwardCases(
  op: string,
  expected: (x: Shape, filter: Shape, window: Window, values: readonly (readonly number[])[]) => readonly number[],
): Case[] {
  const plain = ([x, filter, window]: (typeof shapes)[number], dtype: 'float32' | 'float64' = 'float32'): Case => {
    const inputs: InputSpec[] = [
      { shape: x, k: 10, dtype },
      { shape: filter, k: 11, scale: Math.sqrt(6 / naive.count(filter.slice(0, 3))), dtype },
      { shape: resultShape(x, filter, window), k: 12, dtype },
    ];
    return {
      name: `[${x}] and [${filter}] strides ${window.strides} pads ${window.pads} dilations ${window.dilations ?? [1, 1]}`,
      inputs,
      attrs: attrsOf(window),
      expected: (...values) => [expected(x, filter, window, values)],
    };
  };
  return [
    ...fromTensorFlow(op, ({ strides, padding }) => ({
      strides: strides as number[],
      dilations: [1, 1],
      padding: padding as string,
      pads: [0, 0, 0, 0],
    })),
    ...shapes.map((shape) => plain(shape)),
    { ...plain(shapes[0] as (typeof shapes)[number], 'float64'), name: 'float64', tolerance: { relative: 1e-13 } },
  ];
}
