/** Maps as pictures. */
import { loadSharp } from '../data/decoding.js';
import type { RawImage } from '../data/index.js';
import type { RawPixels } from '../data/raw_image.js';
import { seenImage } from '../data/seen_image.js';
import type { Model } from '../model/index.js';
import type { Explanation } from './explain.js';

/** Colours from nothing to the most, red, green, blue: dark violet, red, orange, light yellow; light grows with the value. */
const colours = [
  [22, 11, 57],
  [106, 23, 110],
  [188, 55, 84],
  [243, 120, 25],
  [252, 255, 164],
] as const;

/** The colour of a value of 0 to 1. */
export function colourOf(value: number): readonly [number, number, number] {
  const at = Math.max(0, Math.min(1, value)) * (colours.length - 1);
  const [low, high] = [colours[Math.floor(at)], colours[Math.ceil(at)]] as [(typeof colours)[0], (typeof colours)[0]];
  const part = at - Math.floor(at);
  return [0, 1, 2].map((c) => Math.round((low[c] as number) * (1 - part) + (high[c] as number) * part)) as never;
}

type Map2d = Pick<Explanation, 'map' | 'height' | 'width'>;

/** A value between those of the map's cells, bilinear, as a part of the largest one. @param x @param y places from 0 to 1 */
function valueAt({ map, height, width }: Map2d, most: number, x: number, y: number): number {
  if (most <= 0) return 0;
  const [u, v] = [clamp(x * width - 0.5, width - 1), clamp(y * height - 0.5, height - 1)];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const [right, below] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const at = (row: number, column: number) => map[row * width + column] as number;
  const upper = at(top, left) * (1 - u + left) + at(top, right) * (u - left);
  const lower = at(below, left) * (1 - u + left) + at(below, right) * (u - left);
  return (upper * (1 - v + top) + lower * (v - top)) / most;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(most, value));
}

/** How much of the picture the strongest heat covers, and the exponent with which heat fades. */
const strongest = 0.75;
const fading = 0.6;

/**
 * A map as a picture that lies over another: red, green, blue, and how much of the other it covers.
 * @param width @param height in pixels
 */
export function heatPicture(explained: Map2d, width: number, height: number): RawPixels & { readonly channels: 4 } {
  const data = new Uint8Array(4 * width * height);
  const most = explained.map.reduce((largest, value) => Math.max(largest, value), 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = valueAt(explained, most, (x + 0.5) / width, (y + 0.5) / height);
      data.set([...colourOf(value), Math.round(255 * strongest * value ** fading)], 4 * (y * width + x));
    }
  }
  return { data, width, height, channels: 4 };
}

/** What a network saw of an image, with the map over it, as a PNG. @param side pixels a side, at least the network's */
export async function explanationPng(model: Model, explained: Explanation, side = 384): Promise<Uint8Array> {
  const seen = seenImage(explained.pixels, model.preprocessing);
  const [width, height] = sizeFor(seen, side);
  const heat = heatPicture(explained, width, height);
  return loadSharp()(seen.data, { raw: { width: seen.width, height: seen.height, channels: 3 } })
    .resize({ width, height, fit: 'fill', kernel: width / seen.width > 2 ? 'nearest' : 'cubic' })
    .composite([{ input: Buffer.from(heat.data), raw: { width, height, channels: 4 } }])
    .png()
    .toBuffer();
}

function sizeFor({ width, height }: RawImage, side: number): readonly [number, number] {
  const factor = Math.max(1, side / Math.max(width, height));
  return [Math.round(width * factor), Math.round(height * factor)];
}
