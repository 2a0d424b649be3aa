/** Pictures for tests: drawn, encoded, damaged. */
import { constants, crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { hash } from './generator.js';

// Looked up once: under Jest each use of a global goes through a sandbox, which costs a microsecond.
const { floor, round, abs } = Math;

/** Pixels of a picture: interleaved RGB rows. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  readonly data: Uint8Array;
}

/** A picture of a colour for each point. */
export function paint(
  width: number,
  height: number,
  colour: (x: number, y: number) => readonly [number, number, number],
): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(colour(i % width, floor(i / width)), 3 * i);
  return { width, height, channels: 3, data };
}

/** Smooth, and different in every direction. */
export function gradient(width: number, height: number): Picture {
  return paint(width, height, (x, y) => [
    round((255 * x) / width),
    round((255 * y) / height),
    round((127 * (x + y)) / (width + height)) + 64,
  ]);
}

/** The picture that the golden preprocessing values were made from: floor(256 h(i, 2000)). */
export function goldenPicture(height: number, width: number): Picture {
  const data = new Uint8Array(height * width * 3);
  for (let i = 0; i < data.length; i++) data[i] = floor(256 * hash(i, 2000));
  return { width, height, channels: 3, data };
}

/** The picture as sharp takes it. */
export function encoder({ data, width, height }: Picture): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Encoders of all formats that are decoded; `exact` ones keep every pixel. */
export const encoders = {
  jpeg: {
    exact: false,
    encode: (p: Picture) => encoder(p).jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer(),
  },
  png: { exact: true, encode: (p: Picture) => encoder(p).png().toBuffer() },
  webp: { exact: true, encode: (p: Picture) => encoder(p).webp({ lossless: true }).toBuffer() },
  avif: {
    exact: false,
    encode: (p: Picture) => encoder(p).avif({ quality: 90, chromaSubsampling: '4:4:4', effort: 2 }).toBuffer(),
  },
  tiff: { exact: true, encode: (p: Picture) => encoder(p).tiff({ compression: 'lzw' }).toBuffer() },
  gif: { exact: false, encode: (p: Picture) => encoder(p).gif().toBuffer() },
} as const;

/** Mean absolute difference of two lists of bytes. */
export function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += abs((a[i] as number) - (b[i] as number));
  return sum / a.length;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), out.length - 4);
  return out;
}

function png(width: number, height: number, depth: number, colourType: number, compressed: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', compressed),
    chunk('IEND', new Uint8Array()),
  ]);
}

/** A PNG of a few bytes that claims `width` x `height` pixels. */
export function bomb(width: number, height: number): Buffer {
  return png(width, height, 8, 2, deflateSync(Buffer.alloc(1000)));
}

/** A PNG of few bytes and very many pixels (16383 x 16256, 16 bits, four channels, Paeth filter): seconds of work. */
export function slowPicture(): Buffer {
  const [width, rows, repeats] = [16383, 128, 127];
  const bytes = Buffer.alloc(rows * (width * 8 + 1));
  for (let row = 0; row < rows; row++) bytes[row * (width * 8 + 1)] = 4;
  // A block that ends with a full flush refers to nothing before it: it may be repeated.
  const stream = deflateSync(bytes, { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: repeats }, () => stream.subarray(2));
  return png(width, rows * repeats, 16, 6, Buffer.concat([stream.subarray(0, 2), ...blocks, Buffer.from([3, 0])]));
}
