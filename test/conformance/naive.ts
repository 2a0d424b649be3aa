/** The plainest possible arithmetic in float64, for cases that TensorFlow did not compute. */

type Numbers = ArrayLike<number>;
type Shape = readonly number[];

export function count(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** f(x, y) with both stretched to a common shape. */
export function broadcast(
  xShape: Shape,
  yShape: Shape,
  f: (x: number, y: number) => number,
): (x: Numbers, y: Numbers) => number[] {
  const rank = Math.max(xShape.length, yShape.length);
  const full = (s: Shape) => [...new Array<number>(rank - s.length).fill(1), ...s];
  const [xs, ys] = [full(xShape), full(yShape)];
  const out = xs.map((d, i) => (d === 1 ? (ys[i] as number) : d));
  const at = (shape: Shape, index: readonly number[]) =>
    shape.reduce((flat, d, i) => flat * d + (d === 1 ? 0 : (index[i] as number)), 0);
  return (x, y) =>
    Array.from({ length: count(out) }, (_, flat) => {
      const index = unravel(flat, out);
      return f(x[at(xs, index)] as number, y[at(ys, index)] as number);
    });
}

/** The coordinates of a row-major position. */
export function unravel(flat: number, shape: Shape): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
    const d = shape[axis] as number;
    index.unshift(rest % d);
    rest = Math.floor(rest / d);
  }
  return index;
}

/** The axes in another order: axis i of the result is axis `perm[i]` of x. */
export function transpose(x: Numbers, shape: Shape, perm: Shape): number[] {
  const out = perm.map((axis) => shape[axis] as number);
  return Array.from({ length: count(out) }, (_, flat) => {
    const index = unravel(flat, out);
    return x[shape.reduce((at, d, axis) => at * d + (index[perm.indexOf(axis)] as number), 0)] as number;
  });
}

export interface Window {
  readonly ksize: Shape;
  readonly strides: Shape;
  readonly dilations?: Shape;
  /** [top, bottom, left, right] */
  readonly pads: Shape;
}

/** Calls visit(output pixel, input pixel or null for padding, tap) for all windows over [N,H,W,...]; returns [H', W']. */
function slide(
  [n, h, w]: Shape,
  { ksize, strides, dilations = [1, 1], pads }: Window,
  visit: (out: number, pixel: number | null, tap: number) => void,
): [number, number] {
  const size = (i: 0 | 1, d: number) =>
    Math.floor(
      (d +
        (pads[2 * i] as number) +
        (pads[2 * i + 1] as number) -
        ((ksize[i] as number) - 1) * (dilations[i] as number) -
        1) /
        (strides[i] as number),
    ) + 1;
  const [oh, ow] = [size(0, h as number), size(1, w as number)];
  const [kh, kw] = ksize as [number, number];
  for (let b = 0; b < (n as number); b++) {
    for (let p = 0; p < oh * ow; p++) {
      for (let tap = 0; tap < kh * kw; tap++) {
        const y =
          Math.floor(p / ow) * (strides[0] as number) +
          Math.floor(tap / kw) * (dilations[0] as number) -
          (pads[0] as number);
        const x = (p % ow) * (strides[1] as number) + (tap % kw) * (dilations[1] as number) - (pads[2] as number);
        const inside = y >= 0 && y < (h as number) && x >= 0 && x < (w as number);
        visit(b * oh * ow + p, inside ? (b * (h as number) + y) * (w as number) + x : null, tap);
      }
    }
  }
  return [oh, ow];
}

/** Cross-correlation of x (NHWC) with a filter (HWIO). */
export function conv2d(
  xShape: Shape,
  filterShape: Shape,
  window: Omit<Window, 'ksize'>,
  x: Numbers,
  filter: Numbers,
): number[] {
  const [, , channels, filters] = filterShape as [number, number, number, number];
  const y: number[] = [];
  slide(xShape, { ...window, ksize: filterShape.slice(0, 2) }, (out, pixel, tap) => {
    for (let o = 0; o < filters; o++) {
      let sum = y[out * filters + o] ?? 0;
      if (pixel !== null) {
        for (let c = 0; c < channels; c++)
          sum += (x[pixel * channels + c] as number) * (filter[(tap * channels + c) * filters + o] as number);
      }
      y[out * filters + o] = sum;
    }
  });
  return y;
}

/** The gradient of `conv2d` for x: what each tap multiplied on the way there, it hands back. */
export function conv2dBackwardData(
  xShape: Shape,
  filterShape: Shape,
  window: Omit<Window, 'ksize'>,
  filter: Numbers,
  dy: Numbers,
): number[] {
  const [, , channels, filters] = filterShape as [number, number, number, number];
  const dx = new Array<number>(count(xShape)).fill(0);
  slide(xShape, { ...window, ksize: filterShape.slice(0, 2) }, (out, pixel, tap) => {
    for (let i = 0; pixel !== null && i < channels * filters; i++) {
      const c = pixel * channels + Math.floor(i / filters);
      dx[c] =
        (dx[c] as number) +
        (filter[tap * channels * filters + i] as number) * (dy[out * filters + (i % filters)] as number);
    }
  });
  return dx;
}

/** The gradient of `conv2d` for the filter. */
export function conv2dBackwardFilter(
  xShape: Shape,
  filterShape: Shape,
  window: Omit<Window, 'ksize'>,
  x: Numbers,
  dy: Numbers,
): number[] {
  const [, , channels, filters] = filterShape as [number, number, number, number];
  const dfilter = new Array<number>(count(filterShape)).fill(0);
  slide(xShape, { ...window, ksize: filterShape.slice(0, 2) }, (out, pixel, tap) => {
    for (let i = 0; pixel !== null && i < channels * filters; i++) {
      const at = tap * channels * filters + i;
      const value = x[pixel * channels + Math.floor(i / filters)] as number;
      dfilter[at] = (dfilter[at] as number) + value * (dy[out * filters + (i % filters)] as number);
    }
  });
  return dfilter;
}

/** The gradient of a pooling: `share` divides 1 among the values of a window. */
export function pool2dBackward(
  xShape: Shape,
  window: Window,
  share: (values: readonly number[]) => readonly number[],
  x: Numbers,
  dy: Numbers,
): number[] {
  const channels = xShape[3] as number;
  const pixels: number[][] = [];
  slide(xShape, window, (out, pixel) => {
    const list = pixels[out] ?? [];
    if (pixel !== null) list.push(pixel);
    pixels[out] = list;
  });
  const dx = new Array<number>(count(xShape)).fill(0);
  for (const [i, gradient] of Array.from(dy).entries()) {
    const places = (pixels[Math.floor(i / channels)] ?? []).map((pixel) => pixel * channels + (i % channels));
    for (const [j, part] of share(places.map((place) => x[place] as number)).entries())
      dx[places[j] as number] = (dx[places[j] as number] as number) + part * gradient;
  }
  return dx;
}

/** Pooling by folding the values of each window that lie inside the image. */
export function pool2d(
  xShape: Shape,
  window: Window,
  fold: (values: readonly number[]) => number,
  x: Numbers,
): number[] {
  const channels = xShape[3] as number;
  const values: number[][] = [];
  slide(xShape, window, (out, pixel) => {
    for (let c = 0; c < channels; c++) {
      const list = values[out * channels + c] ?? [];
      if (pixel !== null) list.push(x[pixel * channels + c] as number);
      values[out * channels + c] = list;
    }
  });
  return values.map(fold);
}

/** x [..., K] times y [K, M]. */
export function matmul(k: number, m: number, x: Numbers, y: Numbers): number[] {
  return Array.from({ length: (x.length / k) * m }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += (x[Math.floor(i / m) * k + j] as number) * (y[j * m + (i % m)] as number);
    return sum;
  });
}

/** Folds the values that share all coordinates but those on `axes` (all axes when empty). */
export function reduce(shape: Shape, axes: Shape, fold: (values: readonly number[]) => number, x: Numbers): number[] {
  const gone = new Set(axes.map((a) => (a < 0 ? a + shape.length : a)));
  const kept = shape.map((d, i) => (axes.length === 0 || gone.has(i) ? 1 : d));
  const groups: number[][] = Array.from({ length: count(kept) }, () => []);
  for (let i = 0; i < x.length; i++) {
    const index = unravel(i, shape);
    (groups[kept.reduce((flat, d, a) => flat * d + (d === 1 ? 0 : (index[a] as number)), 0)] as number[]).push(
      x[i] as number,
    );
  }
  return groups.map(fold);
}

export const relu = (x: number): number => Math.max(0, x);
export const relu6 = (x: number): number => (x > 6 ? 6 : relu(x));
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
/** x[i] + bias[channel]. */
export const addBias = (x: Numbers, bias: Numbers): number[] =>
  Array.from(x, (v, i) => v + (bias[i % bias.length] as number));
