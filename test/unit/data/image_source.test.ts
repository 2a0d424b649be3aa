/** The forms in which an image may come: all give the pixels that its bytes give. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import sharp from 'sharp';
import { decodeImage } from '../../../lib/data/decoding.js';
import { ImageLoader } from '../../../lib/data/image_loader.js';
import { type ImageSource, ownSource } from '../../../lib/data/image_source.js';
import { preprocessingFor } from '../../../lib/data/preprocessing.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { encoders, gradient } from '../../helpers/pictures.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-source-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bufferOf = (bytes: Uint8Array) =>
  bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;

test('a path, a URL, bytes, a buffer and a Blob are the same picture', async () => {
  const png = await encoders.png.encode(gradient(12, 9));
  const path = join(folder, 'näme #1%.png');
  writeFileSync(path, png);
  const buffer = bufferOf(png);
  const shared = new SharedArrayBuffer(png.length);
  new Uint8Array(shared).set(png);
  const foreign = runInNewContext('new ArrayBuffer(n)', { n: png.length }) as ArrayBuffer;
  new Uint8Array(foreign).set(png);
  const expected = await decodeImage(png);
  const sources: readonly unknown[] = [
    path,
    pathToFileURL(path),
    new Uint8Array(buffer),
    buffer,
    shared,
    foreign,
    new Blob([new Uint8Array(buffer)]),
    new File([new Uint8Array(buffer)], 'picture.png', { type: 'image/png' }),
  ];
  for (const source of sources) expect(await decodeImage(source as ImageSource)).toEqual(expected);
});

test('a buffer may change as soon as the call returns', async () => {
  const png = await encoders.png.encode(gradient(12, 9));
  const buffer = bufferOf(png);
  const decoding = decodeImage(buffer);
  new Uint8Array(buffer).fill(0);
  expect(await decoding).toEqual(await decodeImage(png));
});

describe('pixels with alpha', () => {
  const [width, height] = [5, 3];
  const samples = (channels: number) =>
    Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 256);
  const background = { r: 200, g: 10, b: 90 };

  test.each([2, 4] as const)(
    'of %i channels are what a PNG of them is, with a background and without',
    async (channels) => {
      const data = samples(channels);
      const png = await sharp(data, { raw: { width, height, channels } }).png().toBuffer();
      for (const options of [{}, { background }]) {
        const raw = await decodeImage({ data, width, height, channels }, options);
        const decoded = await decodeImage(png, options);
        expect(raw).toMatchObject({ width, height, channels: 3 });
        const of = (image: typeof raw, i: number) => image.data[image.channels === 3 ? i : Math.floor(i / 3)] as number;
        const off = Array.from(raw.data, (value, i) => Math.abs(value - of(decoded, i)));
        // The library rounds blended colours down.
        expect(Math.max(...off)).toBeLessThanOrEqual('background' in options ? 1 : 0);
      }
    },
  );

  test('an ImageData says nothing of its channels, and has four', async () => {
    const data = new Uint8ClampedArray(samples(4));
    const imageData = { data, width, height, colorSpace: 'srgb', [Symbol.toStringTag]: 'ImageData' };
    expect(await decodeImage(imageData)).toEqual(await decodeImage({ data, width, height, channels: 4 }));
    expect(() => ownSource({ data, width, height }, 100)).toThrow(/channels: expected 1 \(grey\)/);
  });
});

describe('what is no image', () => {
  test.each<[string, unknown, RegExp]>([
    ['a URL of the web', new URL('https://example.org/a.png'), /expected a file: URL.*pass the bytes/],
    ['an empty buffer', new ArrayBuffer(0), /empty/],
    ['an empty Blob', new Blob([]), /empty/],
    ['a number', 7, /a path, a file: URL, bytes, a Blob or \{data, width, height, channels\}, received 7/],
    ['null', null, /received null/],
    ['5 channels', { data: new Uint8Array(5), width: 1, height: 1, channels: 5 }, /channels: expected .* 4 \(RGBA\)/],
    ['too few bytes for RGBA', { data: new Uint8Array(3), width: 1, height: 1, channels: 4 }, /expected 4 bytes/],
  ])('%s is an error', (_, source, message) => {
    expect(() => ownSource(source as ImageSource, 100)).toThrow(message);
  });

  test('a Blob that cannot be read, or holds something else, is an ImageError', async () => {
    await expect(decodeImage(new Blob(['no image']))).rejects.toThrow(ImageError);
    const broken = new Blob(['x']);
    broken.arrayBuffer = () => Promise.reject(new Error('gone'));
    await expect(decodeImage(broken)).rejects.toThrow('The Blob cannot be read.');
  });
});

test('a model that opens no files opens no URLs either', async () => {
  const loader = new ImageLoader(preprocessingFor('vgg', 32), { files: false });
  for (const source of ['a.png', pathToFileURL(join(folder, 'a.png'))])
    await expect(loader.decode(source, undefined)).rejects.toThrow(ArgumentError);
});
