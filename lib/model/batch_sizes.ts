/** Largest batch that a model runs at once unless told. */
export const defaultMaxBatchSize = 32;

/**
 * How many of `count` images run at once: `maxBatchSize`, else the largest power of two that there are images for. A program is
 * compiled for each batch size, so few sizes serve any number of images and no image is computed for nothing.
 */
export function batchSizeFor(count: number, maxBatchSize: number): number {
  return count >= maxBatchSize ? maxBatchSize : 2 ** Math.floor(Math.log2(count));
}

/** All sizes that `batchSizeFor` gives, smallest first. */
export function batchSizesUpTo(maxBatchSize: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatchSize; size *= 2) sizes.push(size);
  return [...sizes, maxBatchSize];
}
