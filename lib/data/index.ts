/** Images: decoding, preprocessing, data sets of them. */
export type { Augmentation } from '../native/addon.js';
export {
  type AugmentationPolicy,
  augmentations,
  type Batch,
  BatchLoader,
  type BatchOptions,
  type DataPosition,
  type DrawContext,
  ImageCache,
  type ImageCacheOptions,
  type ImageCacheStats,
  keptSide,
  type PlainAugmentationOptions,
  type SkippedImage,
  type SlimAugmentationOptions,
} from './batches/index.js';
export {
  classWeights,
  type DataSet,
  type ImageFolderOptions,
  type ImageListOptions,
  imageFolder,
  imageList,
  type Sample,
  type ShapeDataSetOptions,
  type SplitOptions,
  shapeDataSet,
  splitDataSet,
  subset,
  type TfRecordsOptions,
  tfRecords,
} from './data_sets/index.js';
export { type DecodeOptions, decodeImage, defaultMaxPixels } from './decoding.js';
export type { ImageSource } from './image_source.js';
export { type Picture, pictureOf } from './picture_of.js';
export {
  drawAugmentation,
  type PreprocessImageOptions,
  preprocessImage,
  type RelativeBox,
} from './preprocess_image.js';
export {
  type Colours,
  type Interpolation,
  type PreprocessingName,
  type PreprocessingOptions,
  type PreprocessingSpec,
  preprocessingFor,
  preprocessings,
} from './preprocessing.js';
export type { RawImage } from './raw_image.js';
export { type ShapeImage, type ShapeImageOptions, type ShapeName, shapeClasses, shapeImage } from './shapes.js';
export { thumbnail } from './thumbnail.js';
