/** Samples of any kind as bytes of red, green and blue. */
import { setImmediate } from 'node:timers/promises';
import type { Conversion, Reading } from './reading.js';

/** The decoder's output. */
export interface Samples {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Grey or three colours, and alpha behind them perhaps; or four inks. */
  readonly channels: number;
}

export interface Background {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

const arrays = { uchar: Uint8Array, ushort: Uint16Array, uint: Uint32Array, float: Float32Array } as const;
/** Pixels after which others have their turn: some ten milliseconds. */
const pixelsAtOnce = 2 ** 20;

/**
 * @param background laid below transparent pixels; without it alpha is dropped
 * @returns null where a sample stands for no colour
 */
export async function toRgbBytes(
  { data, width, height, channels }: Samples,
  depth: Reading['depth'],
  conversion: Conversion,
  background: Background | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const samples = new arrays[depth](
    data.buffer as ArrayBuffer,
    data.byteOffset,
    data.byteLength / arrays[depth].BYTES_PER_ELEMENT,
  );
  const pixels = width * height;
  const out = new Uint8Array(pixels * 3);
  const convert =
    'left' in conversion
      ? (from: number, to: number) => fromInks(samples, channels, conversion.left, out, from, to)
      : (from: number, to: number) => scaled(samples, channels, conversion.scale, background, out, from, to);
  for (let from = 0; from < pixels; from += pixelsAtOnce) {
    if (from > 0) await setImmediate();
    signal?.throwIfAborted();
    if (!convert(from, Math.min(from + pixelsAtOnce, pixels))) return null;
  }
  return out;
}

type AnySamples = InstanceType<(typeof arrays)[keyof typeof arrays]>;

function scaled(
  samples: AnySamples,
  channels: number,
  scale: (sample: number) => number,
  background: Background | undefined,
  out: Uint8Array,
  from: number,
  to: number,
): boolean {
  const colours = channels >= 3 ? 3 : 1;
  const below = background === undefined ? null : [background.r, background.g, background.b];
  const hasAlpha = channels > colours && below !== null;
  for (let pixel = from; pixel < to; pixel++) {
    const at = pixel * channels;
    const alpha = hasAlpha ? scale(samples[at + colours] as number) / 255 : 1;
    for (let c = 0; c < 3; c++) {
      const colour = scale(samples[at + (colours === 3 ? c : 0)] as number);
      const value = below === null ? colour : colour * alpha + (below[c] as number) * (1 - alpha);
      if (Number.isNaN(value)) return false;
      out[pixel * 3 + c] = Math.round(value);
    }
  }
  return true;
}

/** A colour is what both its ink and black leave of white, rounded down. */
function fromInks(
  samples: AnySamples,
  channels: number,
  left: (sample: number) => number,
  out: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let pixel = from; pixel < to; pixel++) {
    const at = pixel * channels;
    const black = left(samples[at + 3] as number);
    for (let c = 0; c < 3; c++) out[pixel * 3 + c] = Math.floor((left(samples[at + c] as number) * black) / 255);
  }
  return true;
}
