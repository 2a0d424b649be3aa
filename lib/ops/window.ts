import type { Shape } from '../core/shape.js';
import { ShapeError } from '../errors.js';

/** How a sliding window meets the border: TensorFlow's SAME or VALID, or explicit pads `[top, bottom, left, right]`. */
export type Padding = 'SAME' | 'VALID' | 'EXPLICIT';

/** A sliding window over height and width of an NHWC tensor. */
export interface Window {
  readonly ksize: readonly [number, number];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
  readonly pads: readonly number[];
}

/** Pixels that a dilated kernel spans. */
function effectiveSize(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/**
 * Pads `[before, after]` of one dimension. SAME puts the odd pixel at the end, as TensorFlow does.
 */
function padsOf(
  padding: Padding,
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  explicit: readonly [number, number],
): readonly [number, number] {
  if (padding === 'VALID') return [0, 0];
  if (padding === 'EXPLICIT') return explicit;
  const out = Math.ceil(size / stride);
  const total = Math.max((out - 1) * stride + effectiveSize(kernel, dilation) - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}

/** Output size of one dimension; null stays null. @throws ShapeError when the window does not fit. */
function windowedSize(
  axis: 'height' | 'width',
  size: number | null,
  kernel: number,
  stride: number,
  dilation: number,
  padding: Padding,
  explicit: readonly [number, number],
): number | null {
  if (size === null) return null;
  if (padding === 'SAME') return Math.ceil(size / stride);
  const [before, after] = padsOf(padding, size, kernel, stride, dilation, explicit);
  const span = effectiveSize(kernel, dilation);
  if (size + before + after < span) {
    throw new ShapeError(
      `Negative dimension size: a window that spans ${span} does not fit into ${axis} ${size} with pads ${before} and ${after}.`,
    );
  }
  return Math.floor((size + before + after - span) / stride) + 1;
}

/** Output height and width of a window over an NHWC shape. @throws ShapeError */
export function windowed(shape: Shape, w: Window): readonly [number | null, number | null] {
  checkWindow(w);
  const [, height, width] = shape as readonly [number | null, number | null, number | null, number | null];
  const [top, bottom, left, right] = w.pads as readonly [number, number, number, number];
  return [
    windowedSize('height', height, w.ksize[0], w.strides[0] as number, w.dilations[0] as number, w.padding, [
      top,
      bottom,
    ]),
    windowedSize('width', width, w.ksize[1], w.strides[1] as number, w.dilations[1] as number, w.padding, [
      left,
      right,
    ]),
  ];
}

/** The four explicit pads of a window over a concrete NHWC shape. */
export function resolvePads(shape: Shape, w: Window): readonly [number, number, number, number] {
  const [, height, width] = shape as readonly number[];
  const [top, bottom, left, right] = w.pads as readonly [number, number, number, number];
  const y = padsOf(w.padding, height as number, w.ksize[0], w.strides[0] as number, w.dilations[0] as number, [
    top,
    bottom,
  ]);
  const x = padsOf(w.padding, width as number, w.ksize[1], w.strides[1] as number, w.dilations[1] as number, [
    left,
    right,
  ]);
  return [y[0], y[1], x[0], x[1]];
}

function checkWindow({ ksize, strides, dilations, pads }: Window): void {
  if ([...ksize, ...strides, ...dilations].some((v) => v < 1)) {
    throw new ShapeError(
      `Kernel sizes [${ksize}], strides [${strides}] and dilations [${dilations}] must be positive.`,
    );
  }
  if (pads.some((v) => v < 0)) throw new ShapeError(`Pads [${pads}] must not be negative.`);
}
