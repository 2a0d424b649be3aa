import { checkInteger } from '../core/options.js';
import { ArgumentError, ImageError } from '../errors.js';
import { loadSharp } from './decoding.js';

/** A PNG and its size, as `SummaryWriter.image` takes it. */
export interface Picture {
  readonly encoded: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
}

/**
 * A picture of what a network is fed, such as an image of a batch: RGB, scaled as TensorFlow's image summaries are. Where no value is negative,
 * the largest one becomes 255; else 0 becomes 128, and the value furthest from it 0 or 255. Pixels with a value that is not finite are red.
 * @param pixels float32 [height, width, 3]
 * @throws ArgumentError
 */
export async function pictureOf(pixels: Float32Array, height: number, width: number): Promise<Picture> {
  const where = 'pictureOf';
  checkInteger(where, 'height', height, 1, 16384);
  checkInteger(where, 'width', width, 1, 16384);
  if (pixels.length !== height * width * 3)
    throw new ArgumentError(`${where}: expected ${height} x ${width} x 3 values, received ${pixels.length}.`);
  try {
    const encoded = await loadSharp()(toBytes(pixels), { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    return { encoded, width, height, channels: 3 };
  } catch (cause) {
    throw new ImageError(`The picture cannot be encoded: ${(cause as Error).message}.`, { cause });
  }
}

/** What TensorFlow paints in the place of values that are not finite. */
const badColour = [255, 0, 0] as const;
/** Where all values are as good as 0, they are not blown up. */
const leastRange = 1e-6;

/** As NormalizeFloatImage of tensorflow/core/kernels/image/summary_image_op.cc has it. */
export function toBytes(pixels: Float32Array): Uint8Array {
  const { fround } = Math;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  const isBad = (at: number) => ![0, 1, 2].every((c) => Number.isFinite(pixels[at + c]));
  for (let at = 0; at < pixels.length; at += 3) {
    if (isBad(at)) continue;
    least = Math.min(least, pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number);
    most = Math.max(most, pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number);
  }
  const signed = least < 0;
  const range = signed ? Math.max(Math.abs(least), Math.abs(most)) : most;
  const scale = range < leastRange ? 0 : fround((signed ? 127 : 255) / range);
  const offset = signed ? 128 : 0;
  const bytes = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const bad = isBad(at);
    for (let c = 0; c < 3; c++)
      bytes[at + c] = bad
        ? (badColour[c] as number)
        : Math.trunc(fround(fround((pixels[at + c] as number) * scale) + offset));
  }
  return bytes;
}
