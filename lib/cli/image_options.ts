/** Options that say how images are decoded and preprocessed. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { defined } from '../core/options.js';
import { type DecodeOptions, defaultMaxPixels } from '../data/decoding.js';
import {
  type Colours,
  type Interpolation,
  interpolations,
  maxResizeSide,
  type PreprocessingName,
  preprocessingNames,
} from '../data/preprocessing.js';
import { type CmykConversion, cmykConversions } from '../data/samples/reading.js';
import type { PreprocessingChoice } from '../model/weights/weight_preprocessing.js';
import { integer } from './numbers.js';

/** What the options for preprocessing say. */
export interface PreprocessingFlags {
  readonly preprocessing?: PreprocessingName;
  readonly resizeSide?: number;
  readonly cropFraction?: number;
  readonly interpolation?: Interpolation;
  readonly mean?: Colours;
  readonly std?: Colours;
}

/** What the options for decoding say. */
export interface DecodeFlags {
  readonly fastDecode?: boolean;
  readonly cmyk?: CmykConversion;
  readonly maxPixels?: number;
}

/** Adds --preprocessing, --resize-side, --crop-fraction, --interpolation, --mean and --std. */
export function addPreprocessingOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--preprocessing <name>',
        'how images are preprocessed (default: as the weights or the network say)',
      ).choices(preprocessingNames),
    )
    .option('--resize-side <n>', 'smaller side after the resize, before the crop', integer(1, maxResizeSide))
    .option('--crop-fraction <share>', 'part of the image that the crop keeps, such as 0.875', fraction)
    .addOption(new Option('--interpolation <name>', 'of the resize').choices(interpolations))
    .option('--mean <r,g,b>', 'what is subtracted from red, green and blue (docs/images.md)', colours)
    .option('--std <r,g,b>', 'what the rest is divided by', colours);
}

/** Adds --fast-decode, --cmyk and --max-pixels. */
export function addDecodeOptions(command: Command, maxPixels = defaultMaxPixels): Command {
  return command
    .option('--fast-decode', 'let the JPEG decoder shrink large images first (docs/images.md)')
    .addOption(
      new Option('--cmyk <name>', 'CMYK by a standard profile, or plain as in TensorFlow')
        .choices(cmykConversions)
        .default('profile'),
    )
    .option(
      '--max-pixels <n>',
      `pixels of the largest image that is decoded (default: ${maxPixels})`,
      integer(1, 2 ** 40),
    );
}

/** The options of `loadModel` and others that the flags stand for. */
export function preprocessingChoice(flags: PreprocessingFlags): PreprocessingChoice {
  const { preprocessing, resizeSide, cropFraction, interpolation, mean, std } = flags;
  return defined({ preprocessing, resizeSide, cropFraction, interpolation, mean, std });
}

export function decodeOptions({ fastDecode, cmyk, maxPixels }: DecodeFlags): Omit<DecodeOptions, 'minSide' | 'signal'> {
  return { mode: fastDecode === true ? 'fast' : 'exact', ...defined({ cmyk, maxPixels }) };
}

function fraction(text: string): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0.01 && value <= 1))
    throw new InvalidArgumentError('Expected a number from 0.01 to 1.');
  return value;
}

function colours(text: string): Colours {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (values.length !== 3 || !values.every(Number.isFinite))
    throw new InvalidArgumentError('Expected three numbers, such as 0.485,0.456,0.406.');
  return values as unknown as Colours;
}
