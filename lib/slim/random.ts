import type { Draw } from '../core/graph.js';

/** What makes a variable's stream of random bits its own. The same three give the same bits on every machine. */
export interface StreamId {
  readonly graphSeed: number;
  /** Full name of the variable, or of whatever else draws. */
  readonly name: string;
  /** Seed of the initializer or layer itself; null when it has none. */
  readonly ownSeed: number | null;
}

/** Fills `out` with the next words of xoshiro128++ (Blackman and Vigna, 2019). Integer arithmetic alone, so no machine differs. */
function fillBits(out: Uint32Array, state: Uint32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < out.length; i++) {
    const sum = (a + d) | 0;
    out[i] = ((sum << 7) | (sum >>> 25)) + a;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
  }
  state.set([a, b, c, d]);
}

/** Four words, well mixed, from everything that names a stream. */
export function seedWords({ graphSeed, name, ownSeed }: StreamId): Uint32Array {
  const words = new Uint32Array(4);
  const text = `${graphSeed}\u0000${ownSeed ?? ''}\u0000${name}`;
  for (let lane = 0; lane < 4; lane++) {
    let hash = 0x9e3779b9 ^ Math.imul(lane + 1, 0x85ebca6b);
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
    words[lane] = hash ^ (hash >>> 16);
  }
  // The one state that xoshiro cannot leave is all zeros.
  if (words.every((word) => word === 0)) words[0] = 1;
  return words;
}

/** Uniform values in [low, high), in 2^24 steps. */
export function uniform(low: number, high: number, id: StreamId): Draw {
  return { distribution: 'uniform', location: low, scale: (high - low) / 2 ** 24, state: seedWords(id) };
}

/** Normal values of which none is further than two standard deviations from the mean. */
export function truncatedNormal(mean: number, stddev: number, id: StreamId): Draw {
  return { distribution: 'truncated_normal', location: mean, scale: stddev, state: seedWords(id) };
}

/** What a word of random bits stands for in each distribution. */
const quantiles = { uniform: (word: number) => word >>> 8, truncated_normal: truncatedQuantile };

const chunk = 4096;

/** Fills `out` with values of a draw. native/runtime/draw.cc gives the same bits. */
export function fillDraw(out: Float32Array | Float64Array, { distribution, location, scale, state }: Draw): void {
  const quantile = quantiles[distribution];
  const own = state.slice();
  const words = new Uint32Array(Math.min(chunk, out.length));
  for (let start = 0; start < out.length; start += words.length) {
    fillBits(words, own);
    const end = Math.min(words.length, out.length - start);
    for (let i = 0; i < end; i++) out[start + i] = location + scale * quantile(words[i] as number);
  }
}

/** Probability that a normal value lies within two standard deviations. */
const within = 0.9544997361036416;

/**
 * Quantile of the standard normal distribution between -2 and 2, at the point (word + 1/2) / 2^32 of that range. A rational
 * function of degree 5 in q^2, fitted to the exact one; its relative error is below 2e-9. Only + - * / occur, which IEEE 754
 * rounds the same way everywhere; logarithms and cosines do not come out alike on all versions of V8.
 */
function truncatedQuantile(word: number): number {
  const q = ((word + 0.5) / 2 ** 32 - 0.5) * within;
  const r = q * q;
  const numerator =
    ((((-40.56075353630848 * r + 224.1481158160781) * r - 278.605594380967) * r + 139.17650366425804) * r -
      30.748987579154864) *
      r +
    2.5066282774933666;
  const denominator =
    ((((-55.47844158304521 * r + 163.67336682241228) * r - 157.06846851333444) * r + 67.16311714785564) * r -
      13.314268295219476) *
      r +
    1;
  return (q * numerator) / denominator;
}
