// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { floor, imul } = Math;

/** A bijection of 32-bit words that mixes well (Chris Wellons' lowbias32). */
function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/** One of the two words that stand for a stream, from the four words of seed and number. */
function keyOf(start: number, seed: bigint, index: bigint): number {
  let key = start;
  for (const word of [seed, seed >> 32n, index, index >> 32n]) {
    key = (mix(key ^ Number(word & 0xffffffffn)) + 0x9e3779b9) | 0;
  }
  return key;
}

/**
 * The random words of one stream (an image, the order of an epoch), each by its number: none depends on what was drawn before. The same on
 * every machine.
 */
export class RandomWords {
  readonly #first: number;
  readonly #second: number;

  /** @param seed and @param index from 0 to 2^64 - 1 */
  constructor(seed: bigint, index: bigint) {
    this.#first = keyOf(0x243f6a88, seed, index);
    this.#second = keyOf(0x85a308d3, seed, index);
  }

  /** 32 random bits, as an integer that is not negative. */
  word(number: number): number {
    return mix(mix((imul(number, 0x9e3779b1) + this.#first) | 0) ^ this.#second) >>> 0;
  }

  /** An integer from `least` to `most - 1`, out of one word. */
  below(number: number, least: number, most: number): number {
    return floor((this.word(number) * (most - least)) / 2 ** 32) + least;
  }
}
