/** Statistics and pixels that TensorFlow's preprocessed pictures are kept as (scripts/golden/README.md). */

export interface SampledPicture {
  readonly sum: number;
  readonly absSum: number;
  readonly min: number;
  readonly max: number;
  /** Row, column, red, green, blue. */
  readonly pixels: readonly (readonly [number, number, number, number, number])[];
}

/** Expects float32 [height, width, 3] to be a picture to the bit, as far as the samples and sums tell. */
export function expectSampledPicture(
  actual: Float32Array,
  [height, width]: readonly [number, number],
  expected: SampledPicture,
): void {
  expect(actual).toHaveLength(height * width * 3);
  const pixels = expected.pixels.map(([row, column]) => {
    const at = (row * width + column) * 3;
    return [row, column, ...actual.subarray(at, at + 3)];
  });
  expect(pixels).toEqual(expected.pixels.map(([row, column, ...rgb]) => [row, column, ...rgb.map(Math.fround)]));
  let [sum, absSum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of actual) {
    sum += value;
    absSum += Math.abs(value);
    if (value < min) min = value;
    if (value > max) max = value;
  }
  expect(Math.abs(sum - expected.sum)).toBeLessThan(1e-10 * expected.absSum);
  expect(Math.abs(absSum - expected.absSum)).toBeLessThan(1e-10 * expected.absSum);
  expect([min, max]).toEqual([Math.fround(expected.min), Math.fround(expected.max)]);
}
