import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BatchLoader, ImageCache, type ImageCacheOptions, imageFolder } from '../../../../lib/data/index.js';
import { preprocessingFor } from '../../../../lib/data/preprocessing.js';
import { ArgumentError, ImageError, OutputError } from '../../../../lib/errors.js';
import { encoders, gradient, meanDifference, paint } from '../../../helpers/pictures.js';
import { temporaryFolder, writeFiles } from '../../../helpers/temporary_folder.js';

const folder = temporaryFolder('image-cache');
let names = 0;
const fresh = () => join(folder, `cache${names++}`);
const at = (name: string) => join(folder, 'photos', name);
const pixels = 40 * 30 * 3;

beforeAll(async () => {
  writeFiles(join(folder, 'photos'), {
    'a.png': await encoders.png.encode(gradient(40, 30)),
    'b.png': await encoders.png.encode(gradient(30, 40)),
    'c.png': await encoders.png.encode(paint(40, 30, (x, y) => [x, y, 7])),
    'large.jpg': await encoders.jpeg.encode(gradient(800, 600)),
    'wide.png': await encoders.png.encode(gradient(500, 100)),
    'bad.png': Buffer.from('\x89PNG\r\n\x1a\nno', 'latin1'),
  });
});

const open = (options: Partial<ImageCacheOptions> = {}) => ImageCache.open({ side: 64, ...options });
const sample = (name: string) => ({ image: at(name), label: 0 });

test('a second look at an image comes out of memory, and is the same', async () => {
  await using cache = await open();
  const first = await cache.pixels(sample('a.png'));
  expect(await cache.pixels(sample('a.png'))).toBe(first);
  expect([first.width, first.height, first.data]).toEqual([40, 30, gradient(40, 30).data]);
  expect(cache.stats).toMatchObject({ decoded: 1, fromMemory: 1, fromDisk: 0, memoryBytes: pixels });
});

test('a file is the same by its path and by its URL', async () => {
  await using cache = await open();
  const first = await cache.pixels(sample('a.png'));
  expect(await cache.pixels({ image: pathToFileURL(at('a.png')), label: 0 })).toBe(first);
});

test('larger images are shrunk to the side, with their aspect; smaller ones stay', async () => {
  await using cache = await open();
  const [large, wide] = [await cache.pixels(sample('large.jpg')), await cache.pixels(sample('wide.png'))];
  expect([large.width, large.height, wide.width, wide.height]).toEqual([85, 64, 320, 64]);
  expect(meanDifference(wide.data, gradient(320, 64).data)).toBeLessThan(2);
});

describe('on disk', () => {
  test('another process finds what memory had no room for', async () => {
    const directory = fresh();
    const expected = [];
    {
      await using cache = await open({ memory: pixels, directory });
      for (const name of ['a.png', 'b.png', 'c.png']) expected.push(await cache.pixels(sample(name)));
      expect(cache.stats).toMatchObject({ decoded: 3, memoryBytes: pixels, diskBytes: 2 * pixels });
      expect(await cache.pixels(sample('c.png'))).toEqual(expected[2]);
      expect(cache.stats.fromDisk).toBe(1);
    }
    await using cache = await open({ memory: 0, directory });
    expect(await cache.pixels(sample('b.png'))).toEqual(expected[1]);
    expect(await cache.pixels(sample('c.png'))).toEqual(expected[2]);
    expect(cache.stats).toMatchObject({ decoded: 0, fromDisk: 2 });
  });

  test('an image that has changed since is decoded again, and so is one whose sizes or options differ', async () => {
    const directory = fresh();
    const path = at('changing.png');
    writeFileSync(path, await encoders.png.encode(gradient(40, 30)));
    {
      await using cache = await open({ memory: 0, directory });
      await cache.pixels({ image: path, label: 0 });
    }
    writeFileSync(path, await encoders.png.encode(paint(40, 30, () => [1, 2, 3])));
    utimesSync(path, 1, 1);
    await using cache = await open({ memory: 0, directory });
    expect((await cache.pixels({ image: path, label: 0 })).data.subarray(0, 3)).toEqual(Buffer.from([1, 2, 3]));
    for (const options of [{ side: 20 }, { decode: { background: { r: 0, g: 0, b: 0 } } }]) {
      await using other = await open({ memory: 0, directory, ...options });
      await other.pixels(sample('a.png'));
      expect(other.stats).toMatchObject({ decoded: 1, fromDisk: 0 });
    }
  });

  test.each([
    ['a bit of the pixels changes', (file: string) => flip(file)],
    ['the pixels are cut off', (file: string) => truncateSync(file, 100)],
    ['the pixels are gone', (file: string) => rmSync(file)],
    ['the index ends within a line', (file: string) => truncateSync(index(file), statSync(index(file)).size - 4)],
    [
      'the index has lines of other kinds',
      (file: string) =>
        writeFileSync(
          index(file),
          'x\n{"key": 1}\nnull\n{"key": "k", "offset": 0, "width": 1e9, "height": 1e9, "channels": 3, "crc": 0}\n',
        ),
    ],
  ])('where %s, the image is decoded again', async (_, change) => {
    const directory = fresh();
    {
      await using cache = await open({ memory: 0, directory });
      await cache.pixels(sample('a.png'));
    }
    change(partOf(directory));
    await using cache = await open({ memory: 0, directory });
    expect((await cache.pixels(sample('a.png'))).data).toEqual(Buffer.from(gradient(40, 30).data));
    expect(cache.stats).toMatchObject({ decoded: 1, fromDisk: 0 });
  });

  const index = (file: string) => file.replace(/pixels$/, 'jsonl');

  function partOf(directory: string): string {
    const [side] = readdirSync(directory);
    const file = readdirSync(join(directory, side as string)).find((name) => name.endsWith('.pixels'));
    return join(directory, side as string, file as string);
  }

  function flip(file: string): void {
    const bytes = readFileSync(file);
    bytes[9] = (bytes[9] as number) ^ 1;
    writeFileSync(file, bytes);
  }

  test('the limit, and a disk that takes no more, are told once; images are decoded then', async () => {
    const told: string[] = [];
    const directory = fresh();
    {
      await using cache = await open({ memory: 0, directory, disk: pixels, onNotice: (text) => told.push(text) });
      for (const name of ['a.png', 'b.png', 'c.png', 'c.png']) await cache.pixels(sample(name));
      expect(cache.stats).toMatchObject({ decoded: 4, diskBytes: pixels });
    }
    expect(told).toEqual([
      `The image cache on disk takes no more images: its limit of ${pixels} bytes is reached. Those that it lacks are decoded each time.`,
    ]);
    const blocked = fresh();
    await using cache = await open({ memory: 0, directory: blocked, onNotice: (text) => told.push(text) });
    rmSync(blocked, { recursive: true });
    for (const name of ['a.png', 'b.png']) await cache.pixels(sample(name));
    expect(told.length).toBe(2);
    expect(told[1]).toMatch(/takes no more images: there is no such file/);
  });

  test('a folder that cannot be made is an error at once', async () => {
    const file = fresh();
    appendFileSync(file, 'x');
    await expect(open({ directory: join(file, 'below') })).rejects.toThrow(OutputError);
  });

  test('two that are open at the same time do not disturb each other', async () => {
    const directory = fresh();
    {
      await using one = await open({ memory: 0, directory });
      await using two = await open({ memory: 0, directory });
      await Promise.all(
        ['a.png', 'b.png', 'c.png'].flatMap((name) => [one.pixels(sample(name)), two.pixels(sample(name))]),
      );
    }
    await using cache = await open({ memory: 0, directory });
    expect((await cache.pixels(sample('a.png'))).data).toEqual(Buffer.from(gradient(40, 30).data));
    expect(cache.stats).toMatchObject({ decoded: 0, fromDisk: 1 });
  });
});

test('samples of one key share their pixels; without key or file nothing is kept', async () => {
  await using cache = await open();
  const bytes = readFileSync(at('a.png'));
  await cache.pixels({ image: bytes, label: 0, key: 'k' });
  await cache.pixels({ image: Buffer.from('never read'), label: 0, key: 'k' });
  await cache.pixels({ image: bytes, label: 0 });
  expect(cache.stats).toMatchObject({ decoded: 2, fromMemory: 1, memoryBytes: pixels });
});

test('what is wrong with an image is told, and not kept', async () => {
  await using cache = await open();
  await expect(cache.pixels(sample('bad.png'))).rejects.toThrow(ImageError);
  await expect(cache.pixels(sample('missing.png'))).rejects.toThrow(/there is no such file/);
  expect(cache.stats.memoryBytes).toBe(0);
});

test.each([[{ side: 0 }], [{ memory: -1 }], [{ disk: 0.5 }], [{ size: 1 }]])('%p is refused', async (options) => {
  await expect(open(options as Partial<ImageCacheOptions>)).rejects.toThrow(ArgumentError);
});

test('batches are the same to the bit whatever is kept: in memory, on disk, or nothing', async () => {
  const photos = join(folder, 'classes');
  for (const name of ['x', 'y']) {
    mkdirSync(join(photos, name), { recursive: true });
    for (let i = 0; i < 4; i++)
      writeFileSync(join(photos, name, `${i}.jpg`), await encoders.jpeg.encode(gradient(200 + 20 * i, 150)));
  }
  const dataSet = await imageFolder(photos);
  const batches = async (options: Partial<ImageCacheOptions>) => {
    await using cache = await open(options);
    const found: Float32Array[] = [];
    const preprocessing = { ...preprocessingFor('vgg', 32), resizeSide: 40 };
    for await (const { images } of await BatchLoader.create(dataSet, { batchSize: 4, preprocessing, cache, epochs: 2 }))
      found.push(...images);
    return { found, stats: cache.stats };
  };
  const directory = fresh();
  const [inMemory, onDisk, nowhere] = [
    await batches({}),
    await batches({ memory: 0, directory }),
    await batches({ memory: 0 }),
  ];
  expect(onDisk.found).toEqual(inMemory.found);
  expect(nowhere.found).toEqual(inMemory.found);
  expect([inMemory.stats.decoded, onDisk.stats.decoded]).toEqual([8, 8]);
  expect(nowhere.stats.decoded).toBeGreaterThan(8);
});
