/**
 * What all drawn pictures have in common: a shape in any colour over a gradient, with specks and noise. All is computed on integers, from
 * random words that stand at fixed numbers (7 on; those before are the shape's own), so that pictures are the same bytes everywhere.
 */
import type { RandomWords } from './random_words.js';
import type { RawImage } from './raw_image.js';

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { floor, max, min } = Math;

/** Height and width of a drawn picture. */
export const pictureSide = 64;
const side = pictureSide;

/** round(1024 cos(2 pi k / 64)) for a quarter of a turn. */
const quarter = [1024, 1019, 1004, 980, 946, 903, 851, 792, 724, 650, 569, 483, 392, 297, 200, 100, 0] as const;

/** Cosine times 1024 of `turn` 64ths of a full turn, 0 to 63. */
export function cosineOf(turn: number): number {
  const k = min(turn, 64 - turn);
  return k <= 16 ? (quarter[k] as number) : -(quarter[32 - k] as number);
}

/**
 * A shape as a picture.
 * @param covered how many of the four sample points of each pixel are inside of the shape, row by row
 */
export function drawnPicture(words: RandomWords, covered: Uint8Array): RawImage & { readonly channels: 3 } {
  const data = paint(words, covered);
  addSpecks(words, data);
  addNoise(words, data);
  return { data, width: side, height: side, channels: 3 };
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
