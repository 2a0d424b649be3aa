/** Histograms as TensorFlow bins them (tensorflow/core/lib/histogram/histogram.cc). */
import type { TypedArray } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** What TensorBoard draws a histogram of. Bucket i counts the values from the limit before it (included) to its own (not included). */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** Positive limits: from 1e-12, each a tenth above the one before, below 1e20; and the largest number. */
const positive = positiveLimits();
/** All limits, ascending. */
const limits = [...positive.map((limit) => -limit).reverse(), 0, ...positive];
const zeroAt = positive.length;
const logOfRatio = Math.log(1.1);

function positiveLimits(): number[] {
  const found: number[] = [];
  for (let limit = 1e-12; limit < 1e20; limit *= 1.1) found.push(limit);
  return [...found, Number.MAX_VALUE];
}

/**
 * The histogram of numbers, without the buckets that lie empty between others: a run of them is one.
 * @throws ArgumentError for values that are not finite, as TensorFlow has it
 */
export function histogramOf(
  values: ArrayLike<number> | Exclude<TypedArray, BigInt64Array | BigUint64Array>,
): Histogram {
  const counts = new Float64Array(limits.length);
  let [min, max, sum, sumSquares] = [Number.MAX_VALUE, -Number.MAX_VALUE, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) throw new ArgumentError(`A histogram cannot hold the value ${value} (at ${i}).`);
    const bucket = bucketOf(value);
    counts[bucket] = (counts[bucket] as number) + 1;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    sumSquares += value * value;
  }
  return { min, max, num: values.length, sum, sumSquares, ...withoutEmptyRuns(counts) };
}

/** The first limit above a value. A logarithm finds it to one or two places. */
function bucketOf(value: number): number {
  if (value === 0) return zeroAt + 1;
  const steps = Math.log(Math.abs(value) / 1e-12) / logOfRatio;
  const place = Math.min(positive.length - 1, Math.max(0, Math.ceil(steps)));
  let at = value > 0 ? zeroAt + 1 + place : zeroAt - 1 - place;
  while (at > 0 && (limits[at - 1] as number) > value) at--;
  while (at < limits.length - 1 && (limits[at] as number) <= value) at++;
  return at;
}

function withoutEmptyRuns(counts: Float64Array): Pick<Histogram, 'limits' | 'counts'> {
  const kept: { readonly limit: number; readonly count: number }[] = [];
  for (let i = 0; i < counts.length; ) {
    let limit = limits[i] as number;
    const count = counts[i++] as number;
    if (count === 0) {
      while (i < counts.length && counts[i] === 0) limit = limits[i++] as number;
    }
    kept.push({ limit, count });
  }
  return { limits: kept.map(({ limit }) => limit), counts: kept.map(({ count }) => count) };
}
