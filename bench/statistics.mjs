// Small statistics of lists of numbers. Empty lists have none: they give NaN.

/** The value below which the share `q` (0 to 1) of the list lies, interpolated between neighbours. */
export function quantile(list, q) {
  if (list.length === 0) return Number.NaN;
  const values = [...list].sort((a, b) => a - b);
  const at = q * (values.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, values.length - 1);
  return values[low] + (at - low) * (values[high] - values[low]);
}

/** The middle value; the mean of the two middle ones of an even count. */
export const median = (list) => quantile(list, 0.5);

/** The median and the range of a list. */
export function summary(list) {
  return { median: median(list), min: quantile(list, 0), max: quantile(list, 1) };
}

/** `a[i] / b[i]` for the rounds that both have. */
export function ratios(a, b) {
  return Array.from({ length: Math.min(a.length, b.length) }, (_, i) => a[i] / b[i]);
}

/** Slope of the straight line that fits `[[x, y], ...]` best; NaN for fewer than two different x. */
export function slope(points) {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  let [above, below] = [0, 0];
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return below > 0 ? above / below : Number.NaN;
}

/** Points from `share` of the largest x on: what comes after the warm-up. */
export function afterWarmUp(points, share) {
  const last = points.reduce((most, [x]) => Math.max(most, x), 0);
  return points.filter(([x]) => x >= share * last);
}

/** The largest difference between two lists, as a share of the range of the first; NaN where they cannot be compared. */
export function differenceOf(expected, received) {
  if (expected.length === 0 || expected.length !== received.length) return Number.NaN;
  let [low, high, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const [i, value] of expected.entries()) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    const difference = Math.abs(value - received[i]);
    if (Number.isNaN(difference)) return Number.NaN;
    most = Math.max(most, difference);
  }
  return most / (high - low);
}
