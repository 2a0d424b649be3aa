/** How networks want their images: presets by name, and what may differ from them. */
import { describe } from '../core/dtype.js';
import { checkOneOf, defined } from '../core/options.js';
import { ArgumentError } from '../errors.js';

/** How pixels are resized; `area` is the mean of what an output pixel covers (Pillow's BOX). */
export const interpolations = ['nearest', 'bilinear', 'bicubic', 'area', 'hamming', 'lanczos'] as const;
export type Interpolation = (typeof interpolations)[number];

/** Numbers for red, green and blue. */
export type Colours = readonly [number, number, number];

/** What may differ from a preset. */
export interface PreprocessingOptions {
  /** Smaller side after a resize that comes before the crop, in pixels: of vgg and torchvision. */
  readonly resizeSide?: number | undefined;
  /**
   * Part of the image that the centre crop keeps, of either side, above 0 and up to 1. Where the resize comes first (vgg, torchvision), it
   * is to the network's size divided by this, rounded down.
   */
  readonly cropFraction?: number | undefined;
  readonly interpolation?: Interpolation | undefined;
  /** What is subtracted from values of 0 to 1 (inception, torchvision) or 0 to 255 (vgg, caffe). */
  readonly mean?: Colours | undefined;
  /** What the rest is divided by. */
  readonly std?: Colours | undefined;
}

/** The preprocessing that weights were made for. */
export interface StoredPreprocessing extends PreprocessingOptions {
  readonly name: PreprocessingName;
  /** Pixels a side of the network's input. */
  readonly imageSize?: number;
}

/** How a network wants its images, as native code takes it. */
export interface PreprocessingSpec {
  /** The preset; the numbers below may differ from it. */
  readonly name: PreprocessingName;
  readonly method: Method;
  readonly height: number;
  readonly width: number;
  /**
   * Smaller side of an image after the resize, before the crop. Where the crop comes first, the smaller side that leaves the
   * network's size after it. A decoder may shrink images to it.
   */
  readonly resizeSide: number;
  /** Part of either side that the crop keeps, where it comes first; elsewhere what it comes to. */
  readonly cropFraction: number;
  readonly interpolation: Interpolation;
  readonly mean: Colours;
  readonly std: Colours;
  /** How an aspect-preserving resize rounds the larger side: half to even, or as old versions of Slim did. */
  readonly sizeRounding: 'rint' | 'truncate';
}

/** What native code does, a file each (native/data/preprocessing.cc): the order of crop and resize, and whose interpolations. */
const methods = {
  /** Aspect-preserving resize, central crop (Slim's vgg_preprocessing). */
  vgg: { crop: 'last', interpolations: ['nearest', 'bilinear', 'bicubic', 'area'] },
  /** Central part of both sides, resize whatever the aspect, values from 0 to 1 (Slim's inception_preprocessing). */
  inception: { crop: 'first', interpolations: ['nearest', 'bilinear', 'bicubic', 'area'] },
  /** Aspect-preserving resize as Pillow does it, central crop, values from 0 to 1 (torchvision's transforms). */
  torchvision: { crop: 'last', interpolations },
  /** Resize as Pillow does it, whatever the aspect; blue, green, red (Keras' load_img and its caffe mode). */
  caffe: { crop: 'none', interpolations },
} as const satisfies Readonly<
  Record<string, { readonly crop: 'first' | 'last' | 'none'; readonly interpolations: readonly Interpolation[] }>
>;

export type Method = keyof typeof methods;

/** True where a crop of the resized image is taken; else a crop of the image itself is resized. */
export function resizesFirst({ method }: Pick<PreprocessingSpec, 'method'>): boolean {
  return methods[method].crop === 'last';
}

interface Preset {
  readonly interpolation: Interpolation;
  readonly mean: Colours;
  readonly std: Colours;
  readonly method: Method;
  /** Pixels a side of the images that it was made for. */
  readonly imageSize: number;
  /** At `imageSize`; above, in proportion. One of the two. */
  readonly resizeSide?: number;
  readonly cropFraction?: number;
}

const ones = [1, 1, 1] as const;
const halves = [0.5, 0.5, 0.5] as const;
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const torchvision = { method: 'torchvision', imageSize: 224, interpolation: 'bilinear', ...imagenet } as const;
const timm = { ...torchvision, interpolation: 'bicubic' } as const;

/** One line for each preset. */
export const preprocessings = {
  vgg: {
    ...{ method: 'vgg', imageSize: 224, resizeSide: 256, interpolation: 'bilinear' },
    ...{ mean: [123.68, 116.78, 103.94], std: ones },
  },
  inception: {
    ...{ method: 'inception', imageSize: 299, cropFraction: 0.875, interpolation: 'bilinear' },
    ...{ mean: halves, std: halves },
  },
  /** torchvision's IMAGENET1K_V1. */
  torchvision: { ...torchvision, resizeSide: 256 },
  /** torchvision's IMAGENET1K_V2, which is what DEFAULT stands for where there is one. */
  torchvision_v2: { ...torchvision, resizeSide: 232 },
  /** timm's a1, a2, a3, b1k, b2k, c1, c2, d. */
  timm_a1: { ...timm, cropFraction: 0.95 },
  /** timm's gluon, bt, ra, ram, am. */
  timm_gluon: { ...timm, cropFraction: 0.875 },
  /** timm's ra4. */
  timm_ra4: { ...timm, cropFraction: 0.9, mean: halves, std: halves },
  caffe: {
    ...{ method: 'caffe', imageSize: 224, interpolation: 'nearest' },
    ...{ mean: [123.68, 116.779, 103.939], std: ones },
  },
} as const satisfies Readonly<Record<string, Preset>>;

export type PreprocessingName = keyof typeof preprocessings;

export const preprocessingNames = Object.keys(preprocessings) as readonly PreprocessingName[];

/** Sizes of images that networks take, in pixels a side. */
export const maxNetworkSide = 16384;

/** Sides that images are resized to. */
export const maxResizeSide = 32768;

/** @throws ArgumentError when there is no such preprocessing */
export function checkPreprocessingName(name: unknown): asserts name is PreprocessingName {
  if (typeof name !== 'string' || !Object.hasOwn(preprocessings, name))
    throw new ArgumentError(`There is no preprocessing ${describe(name)}; there is ${preprocessingNames.join(', ')}.`);
}

/**
 * Checks options by themselves; `preprocessingFor` knows whether they fit a preset.
 * @throws ArgumentError that names the wrong one
 */
export function checkPreprocessingOptions(where: string, options: PreprocessingOptions): void {
  const { resizeSide, cropFraction, interpolation, mean, std } = options;
  const fail = (name: string, expected: string, received: unknown) =>
    new ArgumentError(`${where}: ${name}: expected ${expected}, received ${describe(received)}.`);
  if (resizeSide !== undefined && !(Number.isInteger(resizeSide) && resizeSide >= 1 && resizeSide <= maxResizeSide))
    throw fail('resizeSide', `an integer from 1 to ${maxResizeSide}`, resizeSide);
  if (cropFraction !== undefined && !(typeof cropFraction === 'number' && cropFraction >= 0.01 && cropFraction <= 1))
    throw fail('cropFraction', 'a number from 0.01 to 1', cropFraction);
  if (resizeSide !== undefined && cropFraction !== undefined)
    throw new ArgumentError(`${where}: resizeSide and cropFraction say the same: expected one of them.`);
  if (interpolation !== undefined) checkOneOf(where, 'interpolation', interpolation, interpolations);
  for (const [name, colours] of Object.entries({ mean, std })) {
    if (colours === undefined) continue;
    const isNumber = (value: unknown) =>
      typeof value === 'number' && Math.abs(value) <= 1e6 && (name === 'mean' || value > 0);
    if (!Array.isArray(colours) || colours.length !== 3 || !colours.every(isNumber))
      throw fail(name, `three ${name === 'std' ? 'positive ' : ''}numbers, for red, green and blue`, colours);
  }
}

/**
 * The preprocessing of a network for images of `size` pixels a side.
 * @param preset its name, or what weights say
 * @param options what differs from it
 * @throws ArgumentError
 */
export function preprocessingFor(
  preset: PreprocessingName | StoredPreprocessing,
  size: number,
  options: PreprocessingOptions = {},
): PreprocessingSpec {
  const { name, imageSize, ...stored }: StoredPreprocessing = typeof preset === 'string' ? { name: preset } : preset;
  checkPreprocessingName(name);
  if (!Number.isInteger(size) || size < 1 || size > maxNetworkSide)
    throw new ArgumentError(`Image size: expected 1 to ${maxNetworkSide}, received ${describe(size)}.`);
  const where = `The preprocessing ${name}`;
  checkPreprocessingOptions(where, stored);
  checkPreprocessingOptions(where, options);
  const said: Preset = preprocessings[name];
  // A side is one for images of some size: that of whoever says the side.
  const at = (stored.resizeSide === undefined ? undefined : imageSize) ?? said.imageSize;
  const base = { ...changed(said, stored), imageSize: at };
  const { method, interpolation, mean, std } = changed(base, options);
  const known: readonly Interpolation[] = methods[method].interpolations;
  if (!known.includes(interpolation))
    throw new ArgumentError(`${where}: interpolation: expected one of ${known.join(', ')}, received ${interpolation}.`);
  const sides = cropSides(where, size, base, options);
  return { name, method, height: size, width: size, ...sides, interpolation, mean, std, sizeRounding: 'rint' };
}

/** Some options over others. The two ways to say how much is cropped are one. */
export function changed<T extends PreprocessingOptions>(less: T, more: PreprocessingOptions): T {
  const { resizeSide, cropFraction, ...rest } = less;
  const isCropped = more.resizeSide !== undefined || more.cropFraction !== undefined;
  return { ...rest, ...(isCropped ? {} : defined({ resizeSide, cropFraction })), ...defined({ ...more }) } as T;
}

function cropSides(
  where: string,
  size: number,
  base: Preset,
  options: PreprocessingOptions,
): Pick<PreprocessingSpec, 'resizeSide' | 'cropFraction'> {
  const { method, imageSize, resizeSide, cropFraction } = changed(base, options);
  const { crop } = methods[method];
  const refuse = (option: string, why: string) => new ArgumentError(`${where} has no ${option}: ${why}.`);
  if (crop === 'none') {
    const why = 'it resizes to the size of the network and crops nothing';
    if (resizeSide !== undefined) throw refuse('resizeSide', why);
    if (cropFraction !== undefined) throw refuse('cropFraction', why);
    return { resizeSide: size, cropFraction: 1 };
  }
  if (crop === 'first') {
    if (cropFraction === undefined)
      throw refuse('resizeSide', 'it crops before it resizes, so its crop is a cropFraction');
    return { resizeSide: Math.ceil(size / cropFraction), cropFraction };
  }
  const side =
    cropFraction === undefined
      ? (options.resizeSide ?? inProportion(size, resizeSide as number, imageSize))
      : Math.floor(size / cropFraction);
  if (side < size)
    throw new ArgumentError(
      `${where}: resizeSide: expected at least the ${size} pixels of the crop, received ${side}.`,
    );
  return { resizeSide: side, cropFraction: size / side };
}

/** The side for images of `at` pixels for those up to the side, and in proportion above. */
function inProportion(size: number, side: number, at: number): number {
  return size <= side ? side : Math.round((size * side) / at);
}
