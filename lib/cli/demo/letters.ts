/**
 * Pictures of letters: capitals of typefaces, drawn in any colour, place, size and direction over a gradient, with specks and noise, as those of
 * P10 are. The outlines come from a sheet, so that pictures follow from a sheet, a seed and a number, and none need be stored.
 */
import { checkInteger } from '../../core/options.js';
import { loadSharp } from '../../data/decoding.js';
import { cosineOf, drawnPicture, pictureSide as side } from '../../data/drawn_picture.js';
import type { DataSet, RawImage } from '../../data/index.js';
import { RandomWords } from '../../data/random_words.js';
import { DataError } from '../../errors.js';

/** The classes. */
export const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** Pixels a side of a letter on a sheet. */
export const cellSide = 48;

/** Letters of some typefaces: one a row, one byte of ink a pixel. */
export interface GlyphSheet {
  readonly ink: Uint8Array;
  readonly typefaces: number;
}

/** Reads a sheet: a picture of 26 letters a row. @throws DataError for one of another size */
export async function readSheet(path: string): Promise<GlyphSheet> {
  const { data, info } = await loadSharp()(path).greyscale().raw().toBuffer({ resolveWithObject: true });
  const width = letters.length * cellSide;
  if (info.width !== width || info.height % cellSide !== 0 || info.channels !== 1)
    throw new DataError(
      `This is no sheet of letters: expected ${width} pixels a row and rows of ${cellSide}, received ${info.width} x ${info.height}.`,
      { path },
    );
  return { ink: data, typefaces: info.height / cellSide };
}

/** A picture of a letter. */
export interface LetterPicture {
  readonly image: RawImage;
  /** Index in `letters`: the picture's number modulo 26. */
  readonly label: number;
  /** Row of the sheet. */
  readonly typeface: number;
}

/** Draws a picture of a letter, 64 x 64. @param index from 0 to 2^53 - 1 */
export function letterPicture(sheet: GlyphSheet, seed: number, index: number): LetterPicture {
  checkInteger('letterPicture', 'index', index, 0, Number.MAX_SAFE_INTEGER);
  const words = new RandomWords(BigInt(seed), BigInt(index));
  const label = index % letters.length;
  const typeface = words.below(0, 0, sheet.typefaces);
  return { image: drawnPicture(words, coverage(words, sheet, label, typeface)), label, typeface };
}

/** Ink that counts as inside. */
const half = 128;

/** How many of the four sample points of each pixel are inside of the letter, row by row. */
function coverage(words: RandomWords, { ink }: GlyphSheet, label: number, typeface: number): Uint8Array {
  // Places and lengths are in quarters of a pixel.
  const radius = words.below(1, 60, 112);
  const slack = 120 - radius;
  const centreX = 2 * side + words.below(2, -slack, slack + 1);
  const centreY = 2 * side + words.below(3, -slack, slack + 1);
  // Up to a twentieth of a turn either way.
  const turn = (words.below(4, -3, 4) + 64) % 64;
  const cosine = cosineOf(turn);
  const sine = cosineOf((turn + 48) % 64);
  const wide = words.below(5, 13, 20);
  const row = letters.length * cellSide;
  const corner = typeface * cellSide * row + label * cellSide;
  const middle = cellSide / 2 - 0.5;
  const scale = cellSide / (2 * 1024 * radius);
  const counts = new Uint8Array(side * side);
  for (let pixel = 0; pixel < counts.length; pixel++) {
    const left = 4 * (pixel % side) + 1 - centreX;
    const top = 4 * Math.floor(pixel / side) + 1 - centreY;
    let count = 0;
    for (let sample = 0; sample < 4; sample++) {
      const dx = left + 2 * (sample & 1);
      const dy = top + (sample & 2);
      const u = (((dx * cosine + dy * sine) * 16) / wide) * scale + middle;
      const v = (dy * cosine - dx * sine) * scale + middle;
      // Cells have an edge without ink, so nothing is lost with what lies beyond.
      if (u < 0 || v < 0 || u >= cellSide - 1 || v >= cellSide - 1) continue;
      const x = Math.floor(u);
      const y = Math.floor(v);
      const at = corner + y * row + x;
      const upper = (ink[at] as number) * (x + 1 - u) + (ink[at + 1] as number) * (u - x);
      const lower = (ink[at + row] as number) * (x + 1 - u) + (ink[at + row + 1] as number) * (u - x);
      if (upper * (y + 1 - v) + lower * (v - y) >= half) count++;
    }
    counts[pixel] = count;
  }
  return counts;
}

/** Pictures of letters as a data set, drawn when they are wanted. */
export function drawnLetters(sheet: GlyphSheet, seed: number, length: number): DataSet {
  return {
    length,
    classes: letters,
    get(index) {
      const { image, label } = letterPicture(sheet, seed, index);
      return { image, label, name: `${letters[label]} ${index}` };
    },
    labels: () => Int32Array.from({ length }, (_, i) => i % letters.length),
  };
}
