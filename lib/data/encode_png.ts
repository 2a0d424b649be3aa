import { loadSharp } from './decoding.js';
import type { RawPixels } from './raw_image.js';

/** Pixels as a PNG. */
export async function encodePng({ data, width, height, channels = 3 }: RawPixels): Promise<Uint8Array> {
  return loadSharp()(data, { raw: { width, height, channels } }).png().toBuffer();
}

/** Pixels as a PNG in a data URL, for pages. */
export async function pngUrl(pixels: RawPixels): Promise<string> {
  return `data:image/png;base64,${Buffer.from(await encodePng(pixels)).toString('base64')}`;
}
