import { merged, rangeOf, type Seen } from '../../../../lib/runtime/precision/thresholds.js';

const bins = 2048;

/** What an observer notes of these values, with the bins up to `limit`. */
function seenOf(values: readonly number[], limit: number): Seen {
  const counts = new Float64Array(bins);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor((Math.abs(value) * bins) / limit));
    counts[bin] = (counts[bin] as number) + 1;
  }
  const smallest = values.reduce((a, b) => Math.min(a, b));
  return { smallest, largest: values.reduce((a, b) => Math.max(a, b)), limit, counts };
}

/** A bell of 200,000 values below 4, and three outliers. */
function bell(): number[] {
  const values: number[] = [];
  for (let i = 0; i < 200_000; i++) {
    const u = (i + 0.5) / 200_000;
    values.push(Math.min(4, Math.sqrt(-2 * Math.log(1 - u))));
  }
  return [...values, 60, 61, 63.5];
}

describe('the range that integers span', () => {
  test('is all that was seen with minmax', () => {
    expect(rangeOf(seenOf([-3, 0, 7], 8), 'minmax', 100)).toEqual([-3, 7]);
  });

  test('leaves out the rarest magnitudes with percentile, on both sides', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? i / 1000 : -i / 1000));
    const [low, high] = rangeOf(seenOf(values, 1), 'percentile', 90);
    expect(high).toBeCloseTo(0.9, 2);
    expect(low).toBeCloseTo(-0.9, 2);
    expect(rangeOf(seenOf(values, 1), 'percentile', 100)).toEqual([-0.999, 0.998]);
  });

  test('never exceeds what was seen', () => {
    for (const method of ['percentile', 'entropy'] as const) {
      const [low, high] = rangeOf(seenOf([0.1, 0.2, 0.3], 0.5), method, 99.99);
      expect(low).toBe(0.1);
      expect(high).toBeLessThanOrEqual(0.3);
    }
  });

  test('cuts outliers off with entropy, and not the bulk', () => {
    const [, high] = rangeOf(seenOf(bell(), 64), 'entropy', 100);
    expect(high).toBeGreaterThan(3.5);
    expect(high).toBeLessThan(32);
  });

  test('is zero to zero where nothing but zeros was seen', () => {
    const seen = { smallest: 0, largest: 0, limit: 0, counts: new Float64Array(bins) };
    for (const method of ['minmax', 'percentile', 'entropy'] as const)
      expect(rangeOf(seen, method, 99)).toEqual([0, 0]);
  });

  test('lets zeros of a relu weigh nothing with entropy', () => {
    const values = bell();
    const withZeros = [...values, ...new Array<number>(400_000).fill(0)];
    const without = rangeOf(seenOf([0, ...values], 64), 'entropy', 100);
    expect(rangeOf(seenOf(withZeros, 64), 'entropy', 100)).toEqual(without);
  });
});

describe('two views of one value', () => {
  test('are one when they had the same limit', () => {
    expect(merged(seenOf([0.1, 0.9], 1), seenOf([-0.5], 1))).toEqual(seenOf([0.1, 0.9, -0.5], 1));
  });

  test('are one when the limits differ', () => {
    expect(merged(seenOf([0.1, 0.9], 1), seenOf([3.2], 4))).toEqual(seenOf([0.1, 0.9, 3.2], 4));
  });

  test('are one when one of them saw zeros alone', () => {
    const zeros = { smallest: 0, largest: 0, limit: 0, counts: new Float64Array(bins) };
    zeros.counts[0] = 5;
    const both = merged(zeros, seenOf([3.2], 4));
    expect(both.counts[0]).toBe(5);
    expect(both).toMatchObject({ smallest: 0, largest: 3.2, limit: 4 });
  });
});
