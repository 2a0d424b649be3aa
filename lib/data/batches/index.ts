/** Batches of a data set: order, augmentation, kept images, work in advance. */
export {
  type AugmentationPolicy,
  augmentations,
  type DrawContext,
  keptSide,
  type PlainAugmentationOptions,
  type SlimAugmentationOptions,
} from './augmentations.js';
export { type Batch, BatchLoader, type BatchOptions, type SkippedImage } from './batch_loader.js';
export { ImageCache, type ImageCacheOptions, type ImageCacheStats } from './image_cache.js';
export type { DataPosition } from './sample_order.js';
