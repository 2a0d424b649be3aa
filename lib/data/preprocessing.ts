import { describe } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';

/** How a network wants its images, as native code takes it. */
export interface PreprocessingSpec {
  readonly name: PreprocessingName;
  readonly height: number;
  readonly width: number;
  /**
   * Smaller side of an image after the resize, before the crop. Where the crop comes first, the smaller side that leaves the
   * network's size after it. A decoder may shrink images to it.
   */
  readonly resizeSide: number;
  /** How an aspect-preserving resize rounds the larger side: half to even, or as old versions of Slim did. */
  readonly sizeRounding: 'rint' | 'truncate';
}

/** What is particular to one preprocessing. */
interface Preprocessing {
  /** Pixels a side of the images that it was made for. */
  readonly imageSize: number;
  /** `resizeSide` for a network of `size` pixels a side. */
  readonly resizeSide: (size: number) => number;
  /** A crop of the resized image is taken; else a crop of the image itself is resized. */
  readonly resizesFirst: boolean;
}

/** Side 256 for sizes up to that, and in the proportion of 256 to 224 above. */
const resizeThenCrop = (size: number) => (size <= 256 ? 256 : Math.round((size * 256) / 224));

/** One line for each preprocessing that native code knows (native/data/preprocessing.cc). */
export const preprocessings = {
  /** Aspect-preserving legacy bilinear resize, central crop, RGB means subtracted (Slim's vgg_preprocessing). */
  vgg: { imageSize: 224, resizeSide: resizeThenCrop, resizesFirst: true },
  /** Central 87.5 % of both sides, legacy bilinear resize whatever the aspect, -1 to 1 (Slim's inception_preprocessing). */
  inception: { imageSize: 299, resizeSide: (size: number) => Math.ceil(size / 0.875), resizesFirst: false },
  /** Resize as Pillow does it (antialiased), central crop, the standard mean and deviation (torchvision's transforms). */
  torchvision: { imageSize: 224, resizeSide: resizeThenCrop, resizesFirst: true },
  /** Nearest resize as Pillow does it, whatever the aspect, BGR, means subtracted (Keras' load_img and its caffe mode). */
  caffe: { imageSize: 224, resizeSide: (size: number) => size, resizesFirst: false },
} as const satisfies Readonly<Record<string, Preprocessing>>;

export type PreprocessingName = keyof typeof preprocessings;

/** Sizes of images that networks take, in pixels a side. */
export const maxNetworkSide = 16384;

/** @throws ArgumentError when there is no such preprocessing */
export function checkPreprocessingName(name: PreprocessingName): void {
  if (typeof name !== 'string' || !Object.hasOwn(preprocessings, name)) {
    throw new ArgumentError(
      `There is no preprocessing ${describe(name)}; there is ${Object.keys(preprocessings).join(', ')}.`,
    );
  }
}

/**
 * The preprocessing of a network for images of `size` pixels a side.
 * @throws ArgumentError
 */
export function preprocessingFor(name: PreprocessingName, size: number): PreprocessingSpec {
  checkPreprocessingName(name);
  if (!Number.isInteger(size) || size < 1 || size > maxNetworkSide)
    throw new ArgumentError(`Image size: expected 1 to ${maxNetworkSide}, received ${describe(size)}.`);
  const resizeSide = preprocessings[name].resizeSide(size);
  return { name, height: size, width: size, resizeSide, sizeRounding: 'rint' };
}
