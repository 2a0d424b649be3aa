import { describe, refuseDetached } from '../core/dtype.js';
import { advice, ImageError } from '../errors.js';

/** Decoded pixels: rows of interleaved 8-bit channels. */
export interface RawImage {
  /** `height * width * channels` bytes. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 (grey) or 3 (RGB). */
  readonly channels: 1 | 3;
}

/** Pixels as they may be given: with an alpha channel, too. */
export interface RawPixels {
  /** `height * width * channels` bytes, of a Uint8Array or Uint8ClampedArray. */
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA); may be left out of an ImageData, which has 4. */
  readonly channels?: 1 | 2 | 3 | 4;
}

/** Longest side of an image; libvips and native code have the same limit. */
export const maxSide = 10_000_000;

/** True for objects that look like `{data, width, height, channels}`; `copyPixels` checks them. */
export function isRawImage(value: unknown): value is RawPixels {
  return (
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && 'data' in value && 'width' in value
  );
}

/**
 * Checks pixels without alpha and copies them: the caller may change its own afterwards.
 * @throws ImageError that names the wrong field
 */
export function copyRawImage(image: RawImage, maxPixels: number): RawImage {
  const { channels } = image;
  if (channels !== 1 && channels !== 3) {
    throw new ImageError(`channels: expected 1 (grey) or 3 (RGB), received ${describe(channels)}.`);
  }
  return copyPixels(image, maxPixels) as RawImage;
}

/**
 * Checks pixels and copies them.
 * @throws ImageError that names the wrong field
 */
export function copyPixels(image: RawPixels, maxPixels: number): Required<RawPixels> {
  const { data, width, height } = image;
  const channels = image.channels ?? (tagOf(image) === 'ImageData' ? 4 : undefined);
  for (const [name, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > maxSide) {
      throw new ImageError(`${name}: expected an integer from 1 to ${maxSide}, received ${describe(value)}.`);
    }
  }
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw new ImageError(
      `channels: expected 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA), received ${describe(channels)}.`,
    );
  }
  if (width * height > maxPixels) {
    throw new ImageError(`The image has ${width} x ${height} pixels, the limit is ${maxPixels}.`, {
      hint: advice`raise ${'maxPixels'}.`,
    });
  }
  const kind = tagOf(data);
  if (!ArrayBuffer.isView(data) || (kind !== 'Uint8Array' && kind !== 'Uint8ClampedArray')) {
    throw new ImageError(`data: expected a Uint8Array, received ${describe(data)}.`);
  }
  refuseDetached('data', data);
  const bytes = width * height * channels;
  if (data.byteLength !== bytes) {
    throw new ImageError(
      `data: expected ${bytes} bytes for ${width} x ${height} x ${channels}, received ${data.byteLength}.`,
    );
  }
  return { data: copyBytes(data), width, height, channels };
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** A copy in memory that nobody else can change, shrink or take away, whatever kind of buffer the bytes lie in. */
export function copyBytes(bytes: Uint8Array | Uint8ClampedArray): Uint8Array {
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return copy;
}
