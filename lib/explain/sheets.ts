/** What a network has learnt to look at: filters of its first convolution, and what a layer makes of an image, as sheets of small pictures. */
import { checkInteger } from '../core/options.js';
import type { RawImage } from '../data/index.js';
import { ArgumentError } from '../errors.js';
import type { Model } from '../model/index.js';
import { layerOf } from './grad_cam.js';
import { colourOf } from './heat.js';

/** Pixels between two pictures, and their grey. */
const gap = 2;
const ground = 128;

/** Pictures in rows, as square as it goes. */
function sheet(
  count: number,
  side: number,
  paint: (picture: number, x: number, y: number) => ArrayLike<number>,
): RawImage {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [width, height] = [columns * (side + gap) + gap, rows * (side + gap) + gap];
  const data = new Uint8Array(3 * width * height).fill(ground);
  for (let picture = 0; picture < count; picture++) {
    const left = gap + (picture % columns) * (side + gap);
    const top = gap + Math.floor(picture / columns) * (side + gap);
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) data.set(paint(picture, x, y), 3 * ((top + y) * width + left + x));
  }
  return { data, width, height, channels: 3 };
}

/** Pixels a side of a picture, at least. */
const pictureSide = 48;

/**
 * The filters of the first convolution, in colour: grey is 0, and the largest weight of all is as far from it as it goes.
 * @param limit filters, at most
 * @throws ArgumentError where no convolution reads three channels
 */
export function filterSheet(model: Model, limit = 256): RawImage {
  checkInteger('filterSheet', 'limit', limit, 1, 4096);
  const first = [...model.session.graph.variables.values()].find(({ shape }) => shape.length === 4 && shape[2] === 3);
  if (first === undefined)
    throw new ArgumentError(`${model.name} has no convolution of three channels, so there are no filters in colour.`);
  const [height, width, , count] = first.shape as readonly [number, number, number, number];
  const weights = model.session.read(first) as Float32Array;
  const most = weights.reduce((largest, weight) => Math.max(largest, Math.abs(weight)), 0) || 1;
  const scale = Math.max(1, Math.ceil(pictureSide / Math.max(height, width)));
  const isReversed = model.preprocessing.method === 'caffe';
  return sheet(Math.min(count, limit), scale * Math.max(height, width), (filter, x, y) => {
    const [row, column] = [Math.floor(y / scale), Math.floor(x / scale)];
    if (row >= height || column >= width) return [ground, ground, ground];
    return [0, 1, 2].map((channel) => {
      const from = isReversed ? 2 - channel : channel;
      const weight = weights[((row * width + column) * 3 + from) * count + filter] as number;
      return Math.round(127.5 + (127.5 * weight) / most);
    });
  });
}

/**
 * What the channels of a layer make of an image, the most active ones first, each from nothing to its own largest value.
 * @param pixels float32 [height, width, 3], preprocessed
 * @param options.layer a node or scope with height and width; the last block unless told
 * @param options.limit channels, at most; 64 unless told
 */
export async function featureSheet(
  model: Model,
  pixels: Float32Array,
  options: { readonly layer?: string | undefined; readonly limit?: number; readonly signal?: AbortSignal } = {},
): Promise<RawImage> {
  const { layer, limit = 64, signal } = options;
  checkInteger('featureSheet', 'limit', limit, 1, 4096);
  const { features } = await model.session.run(
    { images: pixels },
    { features: layerOf(model, layer) },
    signal === undefined ? {} : { signal },
  );
  const [, height, width, depth] = features.shape as [number, number, number, number];
  const values = features.data as Float32Array;
  const [most, sums] = [new Float64Array(depth), new Float64Array(depth)];
  for (let i = 0; i < values.length; i++) {
    const value = Math.max(0, values[i] as number);
    most[i % depth] = Math.max(most[i % depth] as number, value);
    sums[i % depth] = (sums[i % depth] as number) + value;
  }
  const order = Array.from({ length: depth }, (_, channel) => channel)
    .sort((a, b) => (sums[b] as number) - (sums[a] as number) || a - b)
    .slice(0, limit);
  const scale = Math.max(1, Math.ceil(pictureSide / Math.max(height, width)));
  return sheet(order.length, scale * Math.max(height, width), (picture, x, y) => {
    const [row, column] = [Math.floor(y / scale), Math.floor(x / scale)];
    if (row >= height || column >= width) return [ground, ground, ground];
    const channel = order[picture] as number;
    const value = Math.max(0, values[(row * width + column) * depth + channel] as number);
    return colourOf(value === 0 ? 0 : value / (most[channel] as number));
  });
}
