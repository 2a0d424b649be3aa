import { createRequire } from 'node:module';
import type sharp from 'sharp';
import type { Sharp } from 'sharp';
import { describe } from '../core/dtype.js';
import { moduleUrl } from '../core/module_url.js';
import { checkInteger, checkOneOf, type Defaults, type WithDefaults, withDefaults } from '../core/options.js';
import { type Advice, ArgumentError, advice, ImageError } from '../errors.js';
import { readImageFile } from './image_file.js';
import { type ImageFormat, imageFormat } from './image_format.js';
import { type ImageSource, type OwnedSource, ownSource } from './image_source.js';
import type { RawImage, RawPixels } from './raw_image.js';
import { type CmykConversion, cmykConversions, plainJpegInks, type Reading, readingOf } from './samples/reading.js';
import { type Background, type Samples, toRgbBytes } from './samples/to_bytes.js';

/** How images are decoded. */
export interface DecodeOptions {
  /**
   * `exact` decodes all pixels. `fast` lets the JPEG decoder shrink images whose smaller side is at least three times `minSide`, so
   * that it becomes `minSide`; docs/images.md has the measured effect on logits. All others are decoded alike in both.
   */
  readonly mode?: 'exact' | 'fast';
  /** Smaller side to which a fast decode shrinks larger images; needed in mode `fast`. */
  readonly minSide?: number;
  /** Largest image that is decoded, in pixels; 268,402,689 (16383 x 16383) unless told. */
  readonly maxPixels?: number;
  /** Seconds of work after which a decode is given up, 1 to 3600; 30 unless told. */
  readonly timeoutSeconds?: number;
  /**
   * How CMYK becomes RGB: by a standard `profile` (the default), or `plain`, as TensorFlow's decode_jpeg has it: what the ink and black leave
   * of white.
   */
  readonly cmyk?: CmykConversion;
  /** Colour below transparent pixels, 0 to 255. Left out, the alpha channel is dropped, as TensorFlow's decoders do. */
  readonly background?: Background;
  readonly signal?: AbortSignal;
}

/** 0x3FFF squared: libvips' own limit. */
export const defaultMaxPixels = 0x3fff * 0x3fff;
const where = 'decode';
const defaults = {
  mode: 'exact',
  minSide: undefined,
  maxPixels: defaultMaxPixels,
  timeoutSeconds: 30,
  cmyk: 'profile',
  background: undefined,
  signal: undefined,
} satisfies Defaults<DecodeOptions>;
/** Images that are to shrink by less are decoded exactly: the decoder of sharp shrinks from this factor on. */
const fastFactor = 3;

/**
 * The image library. It takes a while to load, and a program that brings its own pixels does not need it.
 * @throws ImageError when it is not installed
 */
export function loadSharp(): typeof sharp {
  try {
    return createRequire(moduleUrl)('sharp') as typeof sharp;
  } catch (cause) {
    throw new ImageError('The image decoder (sharp) cannot be loaded.', {
      cause,
      hint: 'run npm install without --omit=optional.',
    });
  }
}

/**
 * Decodes JPEG, PNG, WebP, AVIF, TIFF or GIF (first frame) to RGB, upright by its EXIF orientation, 8 bits a channel.
 * CMYK, grey, 16-bit and transparent images are converted; RGB values are taken as they stand, whatever colour profile the
 * file names, as TensorFlow does. The caller may change or give away its bytes as soon as this returns a promise.
 * @returns pixels that nobody else holds
 * @throws ImageError when the file is missing, damaged, of an unknown format, or over a limit; the signal's reason when aborted
 */
export async function decodeImage(source: ImageSource, options: DecodeOptions = {}): Promise<RawImage> {
  return decodeOwned(ownSource(source, checkDecodeOptions(options).maxPixels), options);
}

/** `decodeImage` for a source of one's own. */
export async function decodeOwned(source: OwnedSource, options: DecodeOptions): Promise<RawImage> {
  const { background, signal } = checkDecodeOptions(options);
  signal?.throwIfAborted();
  if ('raw' in source) return opaque(source.raw, background, signal);
  if ('bytes' in source) return decodeBytes(source.bytes, options, {});
  if ('blob' in source) return decodeBytes(new Uint8Array(await readBlob(source.blob, signal)), options, {});
  return decodeBytes(await readImageFile(source.path, options.signal), options, source);
}

async function readBlob(blob: Blob, signal: AbortSignal | undefined): Promise<ArrayBuffer> {
  try {
    return await unlessAborted(blob.arrayBuffer(), signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ImageError('The Blob cannot be read.', { cause });
  }
}

/** Pixels without alpha, as the decoder gives them. */
async function opaque(
  { channels, ...pixels }: Required<RawPixels>,
  background: Background | undefined,
  signal: AbortSignal | undefined,
): Promise<RawImage> {
  const { width, height } = pixels;
  const data = pixels.data as Uint8Array;
  if (channels === 1 || channels === 3) return { data, width, height, channels };
  const scale = (sample: number) => sample;
  const colours = await toRgbBytes({ data, width, height, channels }, 'uchar', { scale }, background, signal);
  return { data: colours as Uint8Array, width, height, channels: 3 };
}

async function decodeBytes(
  bytes: Uint8Array,
  options: DecodeOptions,
  where: { readonly path?: string },
): Promise<RawImage> {
  const { mode, minSide, maxPixels, timeoutSeconds, cmyk, background } = checkDecodeOptions(options);
  const format = imageFormat(bytes);
  if (format === null) {
    throw new ImageError('This is no image that can be decoded.', {
      ...where,
      hint: 'JPEG, PNG, WebP, AVIF, TIFF and GIF are read.',
    });
  }
  const open = () =>
    loadSharp()(bytes, {
      limitInputPixels: maxPixels,
      failOn: 'error',
      pages: 1,
      sequentialRead: true,
      ignoreIcc: true,
    });
  try {
    let reading = readingOf(bytes, format, cmyk);
    if ('reason' in reading) throw refused(format, reading.reason, where);
    let image = open().autoOrient().timeout({ seconds: timeoutSeconds });
    if (format === 'jpeg' && (mode === 'fast' || cmyk === 'plain')) {
      const { width, height, space } = await open().metadata();
      if (mode === 'fast' && minSide !== undefined && Math.min(width, height) >= fastFactor * minSide)
        image = image.resize({ width: minSide, height: minSide, fit: 'outside', kernel: 'linear' });
      if (cmyk === 'plain' && space === 'cmyk') reading = plainJpegInks(bytes);
    }
    return await decoded(image, reading, { format, background, signal: options.signal, where });
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ImageError) throw error;
    throw damaged(error, format, where);
  }
}

/** What is needed besides an image that is open. */
interface Decoding {
  readonly format: ImageFormat;
  readonly background: Background | undefined;
  readonly signal: AbortSignal | undefined;
  readonly where: { readonly path?: string };
}

async function decoded(
  image: Sharp,
  { space, depth, conversion }: Reading,
  { format, background, signal, where }: Decoding,
): Promise<RawImage> {
  const read = async (pipeline: Sharp): Promise<Samples> => {
    const { data, info } = await unlessAborted(pipeline.raw({ depth }).toBuffer({ resolveWithObject: true }), signal);
    return { data, width: info.width, height: info.height, channels: info.channels };
  };
  if (conversion === undefined) {
    const opaque = background === undefined ? image : image.flatten({ background: { ...background } });
    const { channels, ...rest } = await read(opaque.toColourspace(space).removeAlpha());
    if (channels !== 1 && channels !== 3)
      throw new ImageError(`Expected 1 or 3 channels after decoding, received ${channels}.`, where);
    return { ...rest, channels };
  }
  const samples = await read((space === 'cmyk' ? image.pipelineColourspace(space) : image).toColourspace(space));
  const data = await toRgbBytes(samples, depth, conversion, background, signal);
  if (data === null) throw refused(format, 'its samples are floating-point numbers that are not from 0 to 1', where);
  return { data, width: samples.width, height: samples.height, channels: 3 };
}

/** For files whose values have a meaning that is not known, or another one than those of pictures. */
function refused(format: ImageFormat, reason: string, where: { readonly path?: string }): ImageError {
  return new ImageError(`The ${format.toUpperCase()} image cannot be decoded: ${reason}.`, {
    ...where,
    hint: 'save it as RGB or grey with 8 or 16 bits a channel.',
  });
}

/** Rejects as soon as the signal fires. The decoder cannot be stopped: it ends by itself, and its pixels are dropped. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function damaged(error: unknown, format: string, where: { readonly path?: string }): ImageError {
  const text = error instanceof Error ? error.message : String(error);
  // The library repeats its warnings, a line each.
  const lines = [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '');
  const message = lines.slice(0, 3).join('; ').replace(/\.$/, '');
  let hint: Advice | undefined;
  if (/pixel limit/i.test(text)) hint = advice`raise ${'maxPixels'} if the image is meant to be that large.`;
  else if (/^timeout/i.test(text)) hint = advice`raise ${'timeoutSeconds'} if the image is meant to take that long.`;
  return new ImageError(`The ${format.toUpperCase()} image cannot be decoded: ${message}.`, {
    ...where,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

type CheckedOptions = WithDefaults<DecodeOptions, typeof defaults>;

/** @throws ArgumentError that names the wrong option */
export function checkDecodeOptions(options: DecodeOptions): CheckedOptions {
  const complete = withDefaults(where, options, defaults);
  const { mode, minSide, maxPixels, timeoutSeconds, cmyk, background } = complete;
  checkOneOf(where, 'mode', mode, ['exact', 'fast']);
  if (mode === 'fast' || minSide !== undefined) checkInteger(where, 'minSide', minSide, 1, 16384);
  checkInteger(where, 'maxPixels', maxPixels, 1, Number.MAX_SAFE_INTEGER);
  checkInteger(where, 'timeoutSeconds', timeoutSeconds, 1, 3600);
  checkOneOf(where, 'cmyk', cmyk, cmykConversions);
  if (background === undefined) return complete;
  if (typeof background !== 'object' || background === null)
    throw new ArgumentError(`${where}: background: expected {r, g, b}, received ${describe(background)}.`);
  for (const channel of ['r', 'g', 'b'] as const)
    checkInteger(where, `background.${channel}`, background[channel], 0, 255);
  return complete;
}
