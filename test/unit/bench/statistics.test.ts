import { afterWarmUp, differenceOf, median, quantile, ratios, slope, summary } from '../../../bench/statistics.mjs';

describe('statistics of the benchmarks', () => {
  test('the median is the middle value, or the mean of the two middle ones, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(median([])).toBeNaN();
  });

  test('sorting is by value and leaves the list as it was', () => {
    const list = [10, 9, 100];
    expect(summary(list)).toEqual({ median: 10, min: 9, max: 100 });
    expect(list).toEqual([10, 9, 100]);
  });

  test('quantiles lie between their neighbours', () => {
    const list = [0, 10, 20, 30, 40];
    expect(quantile(list, 0.5)).toBe(20);
    expect(quantile(list, 0.9)).toBeCloseTo(36);
    expect(quantile(list, 1)).toBe(40);
  });

  test('ratios are those of the rounds that both have', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
    expect(ratios([2, 9, 4], [1, 3])).toHaveLength(2);
  });

  test('the slope is that of the line through the points, and none for a single place', () => {
    expect(slope([0, 1, 2, 3].map((x) => [x, 5 + 3 * x]))).toBeCloseTo(3);
    expect(
      slope([
        [0, 0],
        [1, 2],
        [2, 0],
      ]),
    ).toBeCloseTo(0);
    expect(slope([[4, 1]])).toBeNaN();
    expect(slope([])).toBeNaN();
  });

  test('the warm-up is a share of the last place', () => {
    const points = [0, 10, 25, 50, 100].map((x) => [x, 0]);
    expect(afterWarmUp(points, 0.25).map(([x]: number[]) => x)).toEqual([25, 50, 100]);
  });

  test('a difference is a share of the expected range; NaN, and another length, never count as equal', () => {
    expect(differenceOf([0, 10], [0, 9])).toBeCloseTo(0.1);
    expect(differenceOf([0, 10], [0, 10])).toBe(0);
    expect(differenceOf([0, 10, 5], [0, Number.NaN, 5])).toBeNaN();
    expect(differenceOf([0, 10], [0])).toBeNaN();
    expect(differenceOf([], [])).toBeNaN();
  });
});
