import { batchSizeFor, batchSizesUpTo } from '../../../lib/model/batch_sizes.js';

describe('sizes of batches', () => {
  test.each([
    [1, 4, 1],
    [3, 4, 2],
    [4, 4, 4],
    [11, 4, 4],
    [7, 6, 6],
    [5, 6, 4],
    [2, 1, 1],
  ])('of %i images, at most %i at once, %i run', (count, most, size) => {
    expect(batchSizeFor(count, most)).toBe(size);
  });

  test.each([
    [1, [1]],
    [2, [1, 2]],
    [6, [1, 2, 4, 6]],
    [32, [1, 2, 4, 8, 16, 32]],
  ])('up to %i there are few, and they are all that occur', (most, sizes) => {
    expect(batchSizesUpTo(most)).toEqual(sizes);
    const seen = new Set(Array.from({ length: 1000 }, (_, i) => batchSizeFor(i + 1, most)));
    expect([...seen].sort((a, b) => a - b)).toEqual(sizes);
  });
});
