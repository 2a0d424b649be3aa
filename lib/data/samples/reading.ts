/** How the decoder's samples become bytes of red, green and blue, or why they cannot. */
import type { ImageFormat } from '../image_format.js';
import { hasAdobeSegment } from './jpeg_markers.js';
import { type TiffHeader, tiffHeader } from './tiff_header.js';
import { unusualTransfer } from './transfer.js';

/** What the decoder is asked for, and what is made of that. */
export interface Reading {
  /** The decoder's own names. */
  readonly space: 'srgb' | 'b-w' | 'scrgb' | 'cmyk';
  readonly depth: 'uchar' | 'ushort' | 'uint' | 'float';
  /** Absent: red, green and blue bytes already. */
  readonly conversion?: Conversion;
}

/**
 * A sample as a number from 0 to 255 that may have a fraction (NaN: it stands for no colour); or, of CMYK, as what its ink leaves of white, an
 * integer from 0 to 255.
 */
export type Conversion = { readonly scale: (sample: number) => number } | { readonly left: (sample: number) => number };

/** Bytes as the decoder makes them of nearly everything. */
const bytesAlready: Reading = { space: 'srgb', depth: 'uchar' };

/** Why a picture is not read: the end of a sentence. */
export interface Refusal {
  readonly reason: string;
}

/** How inks become colours: by a standard profile, or as TensorFlow's decode_jpeg has it. */
export const cmykConversions = ['profile', 'plain'] as const;
export type CmykConversion = (typeof cmykConversions)[number];

/** What the samples of a file are, by its header. */
export function readingOf(bytes: Uint8Array, format: ImageFormat, cmyk: CmykConversion): Reading | Refusal {
  const transfer = unusualTransfer(bytes, format);
  if (transfer !== null) return { reason: `its values are ${transfer}` };
  if (format !== 'tiff') return bytesAlready;
  const header = tiffHeader(bytes);
  return header === null ? { reason: 'the file ends before its header does' } : tiffReading(header, cmyk);
}

/** The upper eight bits, as for 16-bit samples. */
const upperByte = (sample: number) => Math.floor(sample / 2 ** 24);
/** Floating-point samples have no agreed range but 0 to 1. */
const ofUnit = (sample: number) => (sample >= 0 && sample <= 1 ? 255 * sample : Number.NaN);

/** Photometric interpretations that are read, with the bits of integer samples. */
const interpretations: ReadonlyMap<
  number,
  { readonly space: 'grey' | 'rgb' | 'cmyk'; readonly bits: readonly number[] }
> = new Map([
  [0, { space: 'grey', bits: [1, 2, 4, 8, 16, 32] }],
  [1, { space: 'grey', bits: [1, 2, 4, 8, 16, 32] }],
  [2, { space: 'rgb', bits: [8, 16, 32] }],
  [3, { space: 'rgb', bits: [1, 2, 4, 8] }],
  [5, { space: 'cmyk', bits: [8, 16] }],
  [6, { space: 'rgb', bits: [8] }],
]);
const colourNames: ReadonlyMap<number, string> = new Map([
  [4, 'a transparency mask'],
  [8, 'CIE L*a*b*'],
  [9, 'ICC L*a*b*'],
  [10, 'ITU L*a*b*'],
  [32803, "a sensor's colour filter array"],
  [32844, 'CIE Log L'],
  [32845, 'CIE Log Luv'],
  [34892, "a sensor's linear colours"],
]);
const jpegInTiff = 7;

function tiffReading(header: TiffHeader, cmyk: CmykConversion): Reading | Refusal {
  const { photometric, bits, sampleFormat, samples, compression, inkSet, ...is } = header;
  const refuse = (reason: string): Refusal => ({ reason });
  if (is.isCameraRaw) return refuse('it is a camera raw file');
  if (is.isPreview) return refuse('its first picture is a preview of another one');
  if (photometric === undefined) return refuse('it does not say what its samples mean');
  const known = interpretations.get(photometric);
  if (known === undefined) return refuse(`its colours are ${colourNames.get(photometric) ?? `of kind ${photometric}`}`);
  if (photometric === 6 && compression !== jpegInTiff) return refuse('its colours are YCbCr without JPEG compression');
  if (photometric === 5 && inkSet !== 1) return refuse('its inks are not cyan, magenta, yellow and black');
  if (known.space === 'grey' && samples > 2) return refuse(`it is grey with ${samples} samples a pixel`);
  // The decoder takes wrong rows of such files.
  if (is.isPlanar && (samples === 1 ? (bits[0] as number) < 8 : photometric !== 2))
    return refuse('its samples stand in planes of their own and are no RGB of whole bytes');
  if (photometric === 3 && samples > 1) return refuse(`it has a palette and ${samples} samples a pixel`);
  if (new Set(bits).size !== 1 || new Set(sampleFormat).size !== 1) return refuse('its samples are of several kinds');
  const [width, format] = [bits[0] as number, sampleFormat[0] as number];
  if (format === 2) return refuse(`its samples are signed integers of ${width} bits`);
  // Grey with alpha as colours with alpha: the decoder gives grey without it.
  const grey = samples === 1 ? 'b-w' : 'srgb';
  if (format === 3) {
    if (width !== 32 || ![0, 1, 2].includes(photometric))
      return refuse(`its samples are floating-point numbers of ${width} bits`);
    const scale = photometric === 0 ? (sample: number) => ofUnit(1 - sample) : ofUnit;
    return { space: known.space === 'grey' ? grey : 'scrgb', depth: 'float', conversion: { scale } };
  }
  if (format !== 1 && format !== 4) return refuse('its samples are complex numbers');
  if (!known.bits.includes(width)) return refuse(`its samples are integers of ${width} bits`);
  if (known.space === 'grey' && samples > 1 && width < 8)
    return refuse(`its samples are integers of ${width} bits, with alpha`);
  if (known.space === 'cmyk' && cmyk === 'plain') return plainInks[width as 8 | 16];
  if (width < 32) return bytesAlready;
  return { space: known.space === 'grey' ? grey : 'srgb', depth: 'uint', conversion: { scale: upperByte } };
}

/** Of CMYK as the decoder gives it: inks, from 0 to all. */
const plainInks = {
  8: { space: 'cmyk', depth: 'uchar', conversion: { left: (ink) => 255 - ink } },
  16: { space: 'cmyk', depth: 'ushort', conversion: { left: (ink) => 255 - (ink >> 8) } },
} as const satisfies Readonly<Record<number, Reading>>;

/** For a JPEG file of four inks. The decoder takes all of them as Adobe writes them, TensorFlow those alone that say so. */
export function plainJpegInks(bytes: Uint8Array): Reading {
  return hasAdobeSegment(bytes) ? plainInks[8] : { ...plainInks[8], conversion: { left: (inverted) => inverted } };
}
