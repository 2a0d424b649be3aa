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
import { RandomWords } from './random_words.js';
import type { RawImage } from './raw_image.js';
import { type Inside, insideOf, type ShapeName, shapeClasses } from './shape_outlines.js';

export { type ShapeName, shapeClasses };

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { floor, max, min } = Math;

/** Height and width of an image of P10. */
const side = 64;

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
  const picture = paint(words, coverage(words, insideOf(shapeClasses[label] as ShapeName)));
  addSpecks(words, picture);
  addNoise(words, picture);
  return { data: picture, width: side, height: side, channels: 3, label };
}

function checkedSeed(seed: unknown): bigint {
  const whole = Number.isSafeInteger(seed) ? BigInt(seed as number) : seed;
  if (typeof whole === 'bigint' && whole >= 0n && whole < 1n << 64n) return whole;
  throw new ArgumentError(
    `shapeImage: seed: expected an integer from 0 to 2^64 - 1, received ${describe(seed)}.`,
    typeof seed === 'number' && seed > Number.MAX_SAFE_INTEGER ? { hint: 'give it as a bigint.' } : {},
  );
}

/** round(1024 cos(2 pi k / 64)) for a quarter of a turn. */
const quarter = [1024, 1019, 1004, 980, 946, 903, 851, 792, 724, 650, 569, 483, 392, 297, 200, 100, 0] as const;

/** Cosine times 1024 of `turn` 64ths of a full turn, 0 to 63. */
function cosineOf(turn: number): number {
  const k = min(turn, 64 - turn);
  return k <= 16 ? (quarter[k] as number) : -(quarter[32 - k] as number);
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

/** The shape in its colour on the background, which shades from corner to corner. */
function paint(words: RandomWords, covered: Uint8Array): Uint8Array {
  const picture = new Uint8Array(3 * side * side);
  const strength = words.below(22, 56, 144);
  const main = words.below(23, 0, 3);
  const last = side - 1;
  for (let c = 0; c < 3; c++) {
    const base = words.below(7 + c, 0, 256);
    const [topLeft, topRight, bottomLeft, bottomRight] = [0, 1, 2, 3].map((corner) =>
      words.below(10 + 3 * corner + c, -32, 33),
    ) as [number, number, number, number];
    // The main channel moves by the full strength, away from the end of the range that is nearer.
    const away = base >= 128 ? -strength : strength;
    const foreground = base + (main === c ? away : floor((strength * words.below(24 + c, -16, 17)) / 16));
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const top = (last - y) * ((last - x) * topLeft + x * topRight);
        const bottom = y * ((last - x) * bottomLeft + x * bottomRight);
        const background = base + floor((top + bottom) / (last * last));
        const at = y * side + x;
        const share = covered[at] as number;
        picture[3 * at + c] = clip((background * (4 - share) + foreground * share) >> 2);
      }
    }
  }
  return picture;
}

/** Up to three small discs of any colour, over everything else. */
function addSpecks(words: RandomWords, picture: Uint8Array): void {
  const count = words.below(27, 0, 4);
  for (let k = 0; k < count; k++) {
    const first = 32 + 5 * k;
    const centreX = words.below(first, 0, 256);
    const centreY = words.below(first + 1, 0, 256);
    const size = words.below(first + 2, 4, 20);
    const colour = words.word(first + 3);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const dx = 4 * x + 2 - centreX;
        const dy = 4 * y + 2 - centreY;
        if (dx * dx + dy * dy > size * size) continue;
        for (let c = 0; c < 3; c++) picture[3 * (y * side + x) + c] = (colour >>> (8 * c)) & 255;
      }
    }
  }
}

/** Noise of each channel's own, and some that the three share. */
function addNoise(words: RandomWords, picture: Uint8Array): void {
  const amplitude = words.below(28, 4, 40);
  for (let pixel = 0; pixel < side * side; pixel++) {
    const word = words.word(64 + pixel);
    const shared = (word >>> 24) - 255;
    for (let c = 0; c < 3; c++) {
      const noise = ((((word >>> (8 * c)) & 255) + shared) * amplitude) >> 8;
      picture[3 * pixel + c] = clip((picture[3 * pixel + c] as number) + noise);
    }
  }
}

function clip(value: number): number {
  return max(0, min(255, value));
}
