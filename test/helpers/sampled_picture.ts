/** Statistics and pixels that TensorFlow's preprocessed pictures are kept as (scripts/golden/README.md). */

export interface SampledPicture {
  readonly sum: number;
  readonly absSum: number;
  readonly min: number;
  readonly max: number;
  /** Row, column, red, green, blue. */
  readonly pixels: readonly (readonly [number, number, number, number, number])[];
}

/**
 * Expects float32 [height, width, 3] to be a picture to the bit, as far as the samples and sums tell.
 * @param tolerance largest difference, in parts of the largest magnitude
 */
export function expectSampledPicture(
  actual: Float32Array,
  [height, width]: readonly [number, number],
  expected: SampledPicture,
  tolerance = 0,
): void {
  expect(actual).toHaveLength(height * width * 3);
  const pixels = expected.pixels.map(([row, column]) => {
    const at = (row * width + column) * 3;
    return [row, column, ...actual.subarray(at, at + 3)];
  });
  const wanted = expected.pixels.map(([row, column, ...rgb]) => [row, column, ...rgb.map(Math.fround)]);
  const allowed = tolerance * Math.max(Math.abs(expected.min), Math.abs(expected.max));
  if (tolerance === 0) expect(pixels).toEqual(wanted);
  else expect(largest(pixels.flat(), wanted.flat())).toBeLessThanOrEqual(allowed);
  let [sum, absSum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of actual) {
    sum += value;
    absSum += Math.abs(value);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const ofSums = Math.max(1e-10, tolerance) * expected.absSum;
  expect(Math.abs(sum - expected.sum)).toBeLessThan(ofSums);
  expect(Math.abs(absSum - expected.absSum)).toBeLessThan(ofSums);
  expect(largest([min, max], [Math.fround(expected.min), Math.fround(expected.max)])).toBeLessThanOrEqual(allowed);
}

function largest(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}
