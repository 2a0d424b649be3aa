import { describe } from '../core/dtype.js';
import { checkBoolean, checkInteger, checkOneOf, checkOptions, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, spelledInCode, spelling } from '../errors.js';
import type { Augmentation, NativeDrawOptions } from '../native/addon.js';
import { loadAddon } from '../native/binding.js';
import { defaultMaxPixels } from './decoding.js';
import {
  checkPreprocessingName,
  type Method,
  maxNetworkSide,
  maxResizeSide,
  type PreprocessingName,
  type PreprocessingOptions,
  type PreprocessingSpec,
  preprocessingFor,
  preprocessings,
} from './preprocessing.js';
import { copyRawImage, maxSide, type RawImage } from './raw_image.js';

/** Part of an image: [top, left, bottom, right], each in parts of its height or width, 0 to 1. */
export type RelativeBox = readonly [number, number, number, number];

/** Options of `preprocessImage`. */
export interface PreprocessImageOptions extends PreprocessingOptions {
  /** A preset; the options of `PreprocessingOptions` may differ from it. */
  readonly preprocessing: PreprocessingName;
  /** Pixels of the result; what the preprocessing was made for unless told: 299 for inception, 224 for all others. */
  readonly height?: number;
  readonly width?: number;
  /** The random form that networks are trained with, which vgg and inception have; false unless told. */
  readonly isTraining?: boolean;
  /** Training: integers that together decide the draw. The same two give the same bits on every machine. */
  readonly seed?: number;
  readonly index?: number;
  /**
   * vgg: smaller side of the resized image: the one in evaluation, a random one from `resizeSideMin` to `resizeSideMax` in
   * training. `resizeSide` and twice that unless told.
   */
  readonly resizeSideMin?: number;
  readonly resizeSideMax?: number;
  /** vgg: how the resize rounds the larger side; `truncate` is what old versions of Slim did, `rint` (half to even) the default. */
  readonly sizeRounding?: 'rint' | 'truncate';
  /** inception in training: bilinear resizing and two colour steps alone (true unless told), or all methods and steps. */
  readonly fastMode?: boolean;
  /** inception in training: objects, of which at least one must be covered to a tenth; the whole image unless told. */
  readonly boxes?: readonly RelativeBox[];
}

/** The options of all preprocessings; what is undefined follows from the preprocessing and the size, or must be given. */
const commonDefaults = {
  preprocessing: undefined,
  height: undefined,
  width: undefined,
  resizeSide: undefined,
  cropFraction: undefined,
  interpolation: undefined,
  mean: undefined,
  std: undefined,
  isTraining: false,
  seed: undefined,
  index: undefined,
};
/** Those that one method alone has. */
const ownDefaults = {
  vgg: { resizeSideMin: undefined, resizeSideMax: undefined, sizeRounding: 'rint' },
  inception: { fastMode: true, boxes: [] },
  torchvision: {},
  caffe: {},
} as const satisfies Readonly<Record<Method, Partial<Defaults<PreprocessImageOptions>>>>;
const defaults = {
  ...commonDefaults,
  ...ownDefaults.vgg,
  ...ownDefaults.inception,
} satisfies Defaults<PreprocessImageOptions>;

/**
 * Preprocesses one decoded image as Slim's `preprocess_image` does, off the JavaScript thread. The pixels are copied before this
 * returns a promise. Grey images become RGB.
 * @returns float32 [height, width, 3]
 * @throws ArgumentError for options, ImageError for pixels that are none and for images that are too small for the crop
 */
export async function preprocessImage(image: RawImage, options: PreprocessImageOptions): Promise<Float32Array> {
  const { spec, draw } = checkedOptions('preprocessImage', options);
  return spelling(preprocessImageSpelling, async () => {
    const own = copyRawImage(image, defaultMaxPixels);
    const addon = loadAddon();
    if (options.isTraining !== true) return addon.preprocess(spec, [own]);
    return addon.preprocess(spec, [own], [addon.drawAugmentation(spec, own, draw)]);
  });
}

/** How hints of `preprocessImage` name its options. */
export const preprocessImageSpelling = spelledInCode(Object.keys(defaults));

/**
 * What `preprocessImage` does to an image of this size in training, by the same options.
 * @throws as `preprocessImage`
 */
export function drawAugmentation(
  size: { readonly height: number; readonly width: number },
  options: Omit<PreprocessImageOptions, 'isTraining'>,
): Augmentation {
  const where = 'drawAugmentation';
  const { spec, draw } = checkedOptions(where, { ...options, isTraining: true });
  if (typeof size !== 'object' || size === null)
    throw new ArgumentError(`size: expected {height, width}, received ${describe(size)}.`);
  checkInteger(where, 'height', size.height, 1, maxSide);
  checkInteger(where, 'width', size.width, 1, maxSide);
  return loadAddon().drawAugmentation(spec, size, draw);
}

/** @throws ArgumentError that names the wrong option */
function checkedOptions(
  where: string,
  options: PreprocessImageOptions,
): {
  readonly spec: PreprocessingSpec;
  readonly draw: NativeDrawOptions;
} {
  const complete = withDefaults(where, options, defaults);
  const { preprocessing: name } = complete;
  checkPreprocessingName(name);
  const { method, imageSize } = preprocessings[name];
  checkOptions(`The preprocessing ${name}`, options, Object.keys({ ...commonDefaults, ...ownDefaults[method] }));
  const { height = imageSize, width = imageSize, isTraining, sizeRounding, fastMode, boxes } = complete;
  checkInteger(where, 'height', height, 1, maxNetworkSide);
  checkInteger(where, 'width', width, 1, maxNetworkSide);
  const { resizeSide, cropFraction, interpolation, mean, std } = complete;
  const differing = { resizeSide, cropFraction, interpolation, mean, std };
  const spec = preprocessingFor(name, Math.max(height, width), differing);
  const { resizeSideMin = spec.resizeSide, resizeSideMax = 2 * spec.resizeSide } = complete;
  checkInteger(where, 'resizeSideMin', resizeSideMin, 1, maxResizeSide);
  checkInteger(where, 'resizeSideMax', resizeSideMax, resizeSideMin, maxResizeSide);
  checkBoolean(where, 'isTraining', isTraining);
  checkBoolean(where, 'fastMode', fastMode);
  checkOneOf(where, 'sizeRounding', sizeRounding, ['rint', 'truncate']);
  checkBoxes(boxes);

  const { seed = isTraining ? undefined : 0, index = isTraining ? undefined : 0 } = complete;
  checkInteger(where, 'seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  checkInteger(where, 'index', index, 0, Number.MAX_SAFE_INTEGER);
  return {
    spec: { ...spec, height, width, resizeSide: resizeSideMin, sizeRounding },
    draw: { seed, index, resizeSideMin, resizeSideMax, fastMode, boxes },
  };
}

function checkBoxes(boxes: unknown): void {
  if (!Array.isArray(boxes)) throw new ArgumentError(`boxes: expected an array, received ${describe(boxes)}.`);
  for (const box of boxes as unknown[]) {
    const isPart = (part: unknown) => typeof part === 'number' && part >= 0 && part <= 1;
    const parts = Array.isArray(box) && box.length === 4 && box.every(isPart) ? (box as number[]) : [];
    const [top = 1, left = 1, bottom = 0, right = 0] = parts;
    if (top >= bottom || left >= right) {
      const received = parts.length === 0 ? describe(box) : `[${parts}]`;
      throw new ArgumentError(
        `boxes: expected [top, left, bottom, right] in parts of the image, 0 to 1, received ${received}.`,
      );
    }
  }
}
