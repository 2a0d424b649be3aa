/**
 * P10, a procedural data set: ten classes of drawn shapes in any colour, place, size and direction, over a gradient, with specks and
 * noise. Images follow from a seed and a number, so that there are as many as one wants and none need be stored.
 *
 * scripts/golden/shapes.py draws the same bytes, and trained networks on them. All is computed on integers below 2^53, but for
 * the spiral, whose operations (+ - * / and the square root) IEEE 754 rounds the same way everywhere. docs/images.md says what is in
 * an image.
 */
import { describe } from '../core/dtype.js';
import { checkInteger, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import { cosineOf, drawnPicture, pictureSide as side } from './drawn_picture.js';
import { RandomWords } from './random_words.js';
import type { RawImage } from './raw_image.js';
import { type Inside, insideOf, type ShapeName, shapeClasses } from './shape_outlines.js';

export { type ShapeName, shapeClasses };

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { floor, max, min } = Math;

/** An image of P10. */
export interface ShapeImage extends RawImage {
  readonly channels: 3;
  /** Index of the class in `shapeClasses`: the image's number modulo 10. */
  readonly label: number;
}

/** Which image of P10. */
export interface ShapeImageOptions {
  /** Names a set of images: 0 to 2^64 - 1, a bigint where it does not fit into a number. */
  readonly seed: number | bigint;
  /** The image's number in the set, from 0 to 2^53 - 1. */
  readonly index: number;
}

/** Both must be given. */
const defaults = { seed: undefined, index: undefined } satisfies Defaults<ShapeImageOptions>;

/**
 * Draws an image of P10.
 * @returns 64 x 64 RGB pixels, the same bytes on every machine
 * @throws ArgumentError
 */
export function shapeImage(options: ShapeImageOptions): ShapeImage {
  const { seed, index } = withDefaults('shapeImage', options, defaults);
  checkInteger('shapeImage', 'index', index, 0, Number.MAX_SAFE_INTEGER);
  const words = new RandomWords(checkedSeed(seed), BigInt(index));
  const label = index % shapeClasses.length;
  const covered = coverage(words, insideOf(shapeClasses[label] as ShapeName));
  return { ...drawnPicture(words, covered), label };
}

function checkedSeed(seed: unknown): bigint {
  const whole = Number.isSafeInteger(seed) ? BigInt(seed as number) : seed;
  if (typeof whole === 'bigint' && whole >= 0n && whole < 1n << 64n) return whole;
  throw new ArgumentError(
    `shapeImage: seed: expected an integer from 0 to 2^64 - 1, received ${describe(seed)}.`,
    typeof seed === 'number' && seed > Number.MAX_SAFE_INTEGER ? { hint: 'give it as a bigint.' } : {},
  );
}

/** How many of the four sample points of each pixel are inside of the shape, row by row. */
function coverage(words: RandomWords, inside: Inside): Uint8Array {
  // Places and lengths are in quarters of a pixel.
  const centreX = words.below(0, 88, 168);
  const centreY = words.below(1, 88, 168);
  const radius = words.below(2, 48, 96);
  const turn = words.below(3, 0, 64);
  const cosine = cosineOf(turn);
  const sine = cosineOf((turn + 48) % 64);
  const squash = words.below(4, 16, 23);
  const detail = words.below(5, 0, 4);
  const mirror = 2 * words.below(6, 0, 2) - 1;
  // From here on times 1024 of the rotation, times 16 of the squash.
  const r = radius * 1024 * 16;
  const counts = new Uint8Array(side * side);
  // No outline reaches further than 1.25 radii, the checker's corners.
  const reach = (5 * radius) / 4;
  const [left, right] = [max(0, floor((centreX - reach) / 4)), min(side - 1, floor((centreX + reach) / 4))];
  const [top, bottom] = [max(0, floor((centreY - reach) / 4)), min(side - 1, floor((centreY + reach) / 4))];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      let count = 0;
      for (let sample = 0; sample < 4; sample++) {
        const dx = 4 * x + 1 + 2 * (sample & 1) - centreX;
        const dy = 4 * y + 1 + (sample & 2) - centreY;
        const u = (dx * cosine + dy * sine) * (16 * mirror);
        const v = (dy * cosine - dx * sine) * squash;
        if (inside(u, v, r, detail)) count++;
      }
      counts[y * side + x] = count;
    }
  }
  return counts;
}
