/** How far two results may be apart: |a - e| <= relative (|e| + rms of all e) + absolute. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute?: number;
}

/** Nothing but equal numbers; +0 and -0 are equal, and NaN is NaN. */
export const exact: Tolerance = { relative: 0, absolute: 0 };

type Numbers = ArrayLike<number | bigint>;

/**
 * Says where two lists of numbers differ, or null when they agree. NaN must meet NaN, and an infinity the same infinity. The
 * tolerance counts from the root mean square of the finite expected values too: sums that cancel out to almost nothing have
 * the rounding errors of their terms.
 */
export function difference(actual: Numbers, expected: Numbers, tolerance: Tolerance): string | null {
  if (actual.length !== expected.length) return `${actual.length} values instead of ${expected.length}`;
  const [actuals, values] = [doubles(actual), doubles(expected)];
  const scale = rms(values);
  let wrong = 0;
  let first = -1;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const a = actuals[i] as number;
    const e = values[i] as number;
    if (Object.is(a, e) || a === e) continue;
    const allowed = tolerance.relative * (Math.abs(e) + scale) + (tolerance.absolute ?? 0);
    const off = Math.abs(a - e);
    if (Number.isFinite(e) && off <= allowed) continue;
    if (wrong++ === 0) first = i;
    largest = Math.max(largest, Number.isNaN(off) ? Number.POSITIVE_INFINITY : off);
  }
  if (wrong === 0) return null;
  return `${wrong} of ${expected.length} values differ, by up to ${largest}; the first is [${first}]: ${actual[first]} instead of ${expected[first]} (relative ${tolerance.relative}, scale ${scale})`;
}

/** One kind of array for all, so that the loops over it are fast. */
function doubles(values: Numbers): Float64Array {
  if (typeof values[0] === 'bigint') return Float64Array.from(values as ArrayLike<bigint>, Number);
  return new Float64Array(values as ArrayLike<number>);
}

function rms(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    if (!Number.isFinite(v)) continue;
    sum += v * v;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
