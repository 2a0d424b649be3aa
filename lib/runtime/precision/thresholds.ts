/** From what calibration saw to the range that integers span. */
import type { NativeRange } from '../../native/addon.js';

/**
 * How the range is chosen: all that was seen (`minmax`), all but the rarest magnitudes (`percentile`), or the cut that loses the
 * least information (`entropy`: Migacz, "8-bit Inference with TensorRT", GTC 2017).
 */
export type CalibrationMethod = 'minmax' | 'percentile' | 'entropy';

export const calibrationMethods: readonly CalibrationMethod[] = ['minmax', 'percentile', 'entropy'];

/** What was seen of one value, in all programs that saw it. */
export type Seen = Pick<NativeRange, 'smallest' | 'largest' | 'limit' | 'counts'>;

/** Two views of one value in one. */
export function merged(a: Seen, b: Seen): Seen {
  const limit = Math.max(a.limit, b.limit);
  const counts = spread(a, limit);
  spread(b, limit).forEach((count, i) => {
    counts[i] = (counts[i] as number) + count;
  });
  return { smallest: Math.min(a.smallest, b.smallest), largest: Math.max(a.largest, b.largest), limit, counts };
}

/** The counts for a limit that is the old one times a power of two. */
function spread({ limit, counts }: Seen, wanted: number): Float64Array {
  let result = Float64Array.from(counts);
  if (limit === 0) return result;
  for (let reached = limit; reached < wanted; reached *= 2) {
    const wider = new Float64Array(result.length);
    result.forEach((count, i) => {
      wider[i >> 1] = (wider[i >> 1] as number) + count;
    });
    result = wider;
  }
  return result;
}

/** The range that is kept. @param percentile of `percentile`, above 0, at most 100 */
export function rangeOf(seen: Seen, method: CalibrationMethod, percentile: number): readonly [number, number] {
  const { smallest, largest } = seen;
  if (method === 'minmax' || seen.limit === 0) return [smallest, largest];
  const threshold =
    method === 'percentile' ? percentileOf(seen, percentile) : leastDivergence(seen, smallest < 0 ? 128 : 256);
  return [Math.max(smallest, -threshold), Math.min(largest, threshold)];
}

/** The upper end of the bin up to which `percentile` percent of the magnitudes lie. */
function percentileOf({ limit, counts }: Seen, percentile: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const wanted = (total * percentile) / 100;
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    sum += counts[i] as number;
    if (sum >= wanted) return ((i + 1) * limit) / counts.length;
  }
  return limit;
}

/**
 * The cut at which the distribution, written in `levels` steps, diverges least (Kullback and Leibler) from what it was. Zeros are
 * left out: after a relu they are most of the values, and every step size holds them exactly.
 */
function leastDivergence({ limit, counts }: Seen, levels: number): number {
  const bins = Float64Array.from(counts);
  bins[0] = 0;
  let last = bins.length;
  while (last > levels && bins[last - 1] === 0) last--;
  const sums = prefixSums(bins, (count) => count);
  const filled = prefixSums(bins, (count) => (count > 0 ? 1 : 0));
  const entropies = prefixSums(bins, xLogX);
  let best = { cut: last, divergence: Number.POSITIVE_INFINITY };
  for (let cut = levels; cut <= last; cut += Math.max(1, levels >> 5)) {
    const divergence = divergenceAt(bins, { sums, filled, entropies }, cut, levels);
    if (divergence < best.divergence) best = { cut, divergence };
  }
  return (best.cut * limit) / bins.length;
}

function xLogX(x: number): number {
  return x > 0 ? x * Math.log(x) : 0;
}

/** Sums of the first 0, 1, 2, ... values. */
function prefixSums(values: Float64Array, of: (value: number) => number): Float64Array {
  const sums = new Float64Array(values.length + 1);
  values.forEach((value, i) => {
    sums[i + 1] = (sums[i] as number) + of(value);
  });
  return sums;
}

interface Prefixes {
  readonly sums: Float64Array;
  readonly filled: Float64Array;
  readonly entropies: Float64Array;
}

/**
 * The sum of p log(p / q): p is what was seen, with all that is cut off in the last bin, q the same in `levels` steps. Of p only sums
 * over the bins of a step are needed, because q is the same in all bins of it that hold anything.
 */
function divergenceAt(bins: Float64Array, { sums, filled, entropies }: Prefixes, cut: number, levels: number): number {
  const at = (list: Float64Array, i: number) => list[i] as number;
  const inside = at(sums, cut);
  if (inside === 0) return Number.POSITIVE_INFINITY;
  const total = at(sums, bins.length);
  const lastBin = (bins[cut - 1] as number) + total - inside;
  let divergence = (at(entropies, cut - 1) + xLogX(lastBin)) / total - Math.log(total);
  for (let level = 0; level < levels; level++) {
    const from = Math.floor((level * cut) / levels);
    const to = Math.floor(((level + 1) * cut) / levels);
    const sum = at(sums, to) - at(sums, from);
    const isLast = to === cut;
    const seen = isLast ? sum + total - inside : sum;
    if (seen === 0) continue;
    const holds = at(filled, to) - at(filled, from) + (isLast && bins[cut - 1] === 0 && lastBin > 0 ? 1 : 0);
    // A bin that lost all its counts must not make the divergence infinite.
    divergence -= (seen / total) * Math.log(Math.max(sum / holds / inside, 1e-12));
  }
  return divergence;
}
