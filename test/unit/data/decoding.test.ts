import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { type DecodeOptions, decodeImage } from '../../../lib/data/decoding.js';
import type { ImageSource } from '../../../lib/data/image_source.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { hash } from '../../helpers/generator.js';
import { bomb, encoder, encoders, gradient, meanDifference, paint, slowPicture } from '../../helpers/pictures.js';

const picture = gradient(48, 36);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-decoding-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function failure(source: ImageSource, options?: DecodeOptions): Promise<Error> {
  return decodeImage(source, options).then(
    () => {
      throw new Error('it was decoded');
    },
    (error: Error) => error,
  );
}

describe('formats', () => {
  test.each(Object.entries(encoders))(
    '%s is decoded from bytes and from a file alike',
    async (name, { exact, encode }) => {
      const bytes = await encode(picture);
      const path = join(folder, `picture.${name}`);
      writeFileSync(path, bytes);
      const image = await decodeImage(bytes);
      expect(image).toMatchObject({ width: 48, height: 36, channels: 3 });
      expect(image.data).toHaveLength(48 * 36 * 3);
      if (exact) expect(Buffer.from(image.data).equals(Buffer.from(picture.data))).toBe(true);
      else expect(meanDifference(image.data, picture.data)).toBeLessThan(4);
      expect(Buffer.from((await decodeImage(path)).data).equals(Buffer.from(image.data))).toBe(true);
    },
  );

  test('a file is recognised by its content, not by its name', async () => {
    const path = join(folder, 'odd [name] #1.txt');
    writeFileSync(path, await encoders.png.encode(picture));
    expect((await decodeImage(path)).width).toBe(48);
  });

  test('a CMYK JPEG becomes RGB', async () => {
    const bytes = await encoder(paint(16, 16, () => [200, 40, 40]))
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const { channels, data } = await decodeImage(bytes);
    expect(channels).toBe(3);
    const [r, g, b] = data as unknown as [number, number, number];
    expect(Math.abs(r - 200)).toBeLessThan(30);
    expect(Math.abs(g - 40)).toBeLessThan(30);
    expect(Math.abs(b - 40)).toBeLessThan(30);
  });

  test('grey images of 8 and 16 bits give equal channels', async () => {
    for (const space of ['b-w', 'grey16'] as const) {
      const image = await decodeImage(await encoder(picture).toColourspace(space).png().toBuffer());
      expect(image.data).toHaveLength(48 * 36 * image.channels);
      if (image.channels === 3) {
        for (let i = 0; i < image.data.length; i += 3) expect(new Set(image.data.subarray(i, i + 3)).size).toBe(1);
      }
    }
  });

  test('a 16-bit PNG keeps the upper eight bits', async () => {
    const bytes = await encoder(picture).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    expect(meanDifference((await decodeImage(bytes)).data, picture.data)).toBeLessThan(0.5);
  });

  test('RGB values are taken as they stand, whatever profile the file names', async () => {
    const bytes = await encoder(picture).withIccProfile('p3', { attach: true }).png().toBuffer();
    expect((await sharp(bytes).metadata()).icc).toBeDefined();
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Buffer.from((await decodeImage(bytes)).data).equals(stored)).toBe(true);
  });

  test('transparency is dropped, or laid on a background when one is given', async () => {
    const bytes = await encoder(paint(8, 8, () => [10, 200, 30]))
      .ensureAlpha(0.25)
      .png()
      .toBuffer();
    expect(Array.from((await decodeImage(bytes)).data.subarray(0, 3))).toEqual([10, 200, 30]);
    const [r, g, b] = (await decodeImage(bytes, { background: { r: 255, g: 0, b: 255 } })).data as unknown as [
      number,
      number,
      number,
    ];
    expect(Math.abs(r - (0.25 * 10 + 0.75 * 255))).toBeLessThan(2);
    expect(Math.abs(g - 0.25 * 200)).toBeLessThan(2);
    expect(Math.abs(b - (0.25 * 30 + 0.75 * 255))).toBeLessThan(2);
  });

  test('an animated GIF gives its first frame', async () => {
    const frames = await Promise.all(
      [
        [255, 0, 0],
        [0, 255, 0],
      ].map(([r, g, b]) =>
        encoder(paint(8, 8, () => [r as number, g as number, b as number]))
          .png()
          .toBuffer(),
      ),
    );
    const bytes = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const image = await decodeImage(bytes);
    expect(image).toMatchObject({ width: 8, height: 8 });
    expect(Array.from(image.data.subarray(0, 3))).toEqual([255, 0, 0]);
  });
});

describe('EXIF orientation', () => {
  // Which side of the scene the first row and the first column of the file show, by the EXIF standard.
  const sides = [
    ['top', 'left'],
    ['top', 'right'],
    ['bottom', 'right'],
    ['bottom', 'left'],
    ['left', 'top'],
    ['right', 'top'],
    ['right', 'bottom'],
    ['left', 'bottom'],
  ] as const;

  test.each(sides.map(([row, column], i) => ({ orientation: i + 1, row, column })))(
    '$orientation: first row $row, first column $column',
    async ({ orientation, row, column }) => {
      const upright = gradient(36, 24);
      const turned = row === 'left' || row === 'right';
      const stored = paint(turned ? 24 : 36, turned ? 36 : 24, (c, r) => {
        const at = (side: string, distance: number) =>
          side === 'right' ? 35 - distance : side === 'bottom' ? 23 - distance : distance;
        const [x, y] = turned ? [at(row, r), at(column, c)] : [at(column, c), at(row, r)];
        return upright.data.subarray(3 * (y * 36 + x), 3 * (y * 36 + x) + 3) as unknown as [number, number, number];
      });
      const exact = await decodeImage(await encoder(stored).withMetadata({ orientation }).png().toBuffer());
      expect(exact).toMatchObject({ width: 36, height: 24 });
      expect(Buffer.from(exact.data).equals(Buffer.from(upright.data))).toBe(true);
      const jpeg = await encoder(stored).withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
      expect(meanDifference((await decodeImage(jpeg)).data, upright.data)).toBeLessThan(3);
      const fast = await decodeImage(jpeg, { mode: 'fast', minSide: 6 });
      expect(fast).toMatchObject({ width: 9, height: 6 });
      expect(meanDifference(fast.data, gradient(9, 6).data)).toBeLessThan(20);
    },
  );
});

describe('fast decoding', () => {
  test('shrinks JPEGs of at least three times minSide, and nothing else', async () => {
    const large = gradient(1000, 700);
    const jpeg = await encoders.jpeg.encode(large);
    expect(await decodeImage(jpeg, { mode: 'fast', minSide: 233 })).toMatchObject({ width: 333, height: 233 });
    expect(await decodeImage(jpeg, { mode: 'fast', minSide: 234 })).toMatchObject({ width: 1000, height: 700 });
    expect(await decodeImage(await encoders.png.encode(large), { mode: 'fast', minSide: 100 })).toMatchObject({
      width: 1000,
      height: 700,
    });
  });

  test('a damaged JPEG is an ImageError here too', async () => {
    const jpeg = await encoders.jpeg.encode(gradient(300, 300));
    for (const cut of [3, 50, 200, jpeg.length >> 1])
      expect(await failure(jpeg.subarray(0, cut), { mode: 'fast', minSide: 20 })).toBeInstanceOf(ImageError);
  });
});

describe('damaged and hostile files', () => {
  test.each(Object.entries(encoders))(
    '%s: cut off anywhere it is an ImageError or the whole picture',
    async (_, { encode }) => {
      const bytes = await encode(picture);
      const cuts = Array.from({ length: 24 }, (_, i) => Math.floor((bytes.length * (i + 0.5)) / 24));
      let refused = 0;
      for (const cut of [1, 2, 3, 4, 8, 12, 16, ...cuts]) {
        const result = await decodeImage(bytes.subarray(0, cut)).catch((error: unknown) => error);
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(ImageError);
          refused++;
        } else expect(result).toMatchObject({ width: 48, height: 36 });
      }
      expect(refused).toBeGreaterThan(20);
      expect(await failure(bytes.subarray(0, bytes.length >> 1))).toBeInstanceOf(ImageError);
    },
  );

  test.each(Object.entries(encoders))(
    '%s: flipped bits give an ImageError or a picture within the limit',
    async (_, { encode }) => {
      const bytes = await encode(picture);
      for (let i = 0; i < 100; i++) {
        const flipped = Buffer.from(bytes);
        const at = Math.floor(hash(i, 4000) * bytes.length);
        flipped[at] = (flipped[at] as number) ^ (1 << Math.floor(hash(i, 4001) * 8));
        const result = await decodeImage(flipped, { maxPixels: 1_000_000 }).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(ImageError);
        else {
          const { width, height, channels, data } = result as Awaited<ReturnType<typeof decodeImage>>;
          expect(width * height).toBeLessThanOrEqual(1_000_000);
          expect(data).toHaveLength(width * height * channels);
        }
      }
    },
  );

  test('an image over maxPixels is refused before it is decoded, with the way out', async () => {
    expect((await failure(bomb(16384, 16384))).message).toMatch(/PNG.*pixel limit.*Hint: raise maxPixels/s);
    expect((await failure(await encoders.png.encode(picture), { maxPixels: 48 * 36 - 1 })).message).toContain(
      'pixel limit',
    );
    expect(await decodeImage(await encoders.png.encode(picture), { maxPixels: 48 * 36 })).toMatchObject({ width: 48 });
  });

  test('a decode that takes too long is given up', async () => {
    const error = await failure(slowPicture(), { timeoutSeconds: 1 });
    expect(error).toBeInstanceOf(ImageError);
    expect(error.message).toMatch(/timeout.*Hint: raise timeoutSeconds/s);
  }, 30_000);

  test.each([
    ['nothing', new Uint8Array(), /empty \(0 bytes\)/],
    ['text', Buffer.from('a list of words\n'), /no image that can be decoded\. Hint: JPEG, PNG/],
    [
      'SVG',
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'),
      /no image that can be decoded/,
    ],
    ['one byte', Uint8Array.of(255), /no image that can be decoded/],
    ['an HEIC file', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /no image that can be decoded/],
  ])('%s is refused', async (_, bytes, message) => {
    const error = await failure(bytes);
    expect(error).toBeInstanceOf(ImageError);
    expect(error.message).toMatch(message);
  });

  test('files that are missing, folders or empty are named', async () => {
    mkdirSync(join(folder, 'sub'), { recursive: true });
    writeFileSync(join(folder, 'empty.jpg'), '');
    for (const [name, message] of [
      ['missing.jpg', /there is no such file/],
      ['sub', /a folder/],
      ['empty.jpg', /empty/],
    ] as const) {
      const error = await failure(join(folder, name));
      expect(error).toBeInstanceOf(ImageError);
      expect(error).toMatchObject({ code: 'ERR_IMAGE', path: join(folder, name) });
      expect(error.message).toMatch(message);
    }
    const secret = join(folder, 'secret.txt');
    writeFileSync(secret, 'password: opensesame');
    expect((await failure(secret)).message).not.toMatch(/opens|pass|70 61/);
    expect(await failure('/dev/zero')).toMatchObject({ code: 'ERR_IMAGE' });
    expect(await failure('a\0b')).toMatchObject({ code: 'ERR_IMAGE' });
  });

  test('a string that is too long to be a path is not quoted whole, and a URL is told to be none', async () => {
    const { message } = await failure(`data:image/jpeg;base64,${'A'.repeat(3_000_000)}`);
    expect(message.length).toBeLessThan(400);
    expect(message).toMatch(/^data:image\/jpeg.*\.\.\. \(3000023 characters\): .*too long.*Hint: a string is the path/);
    expect((await failure('https://example.org/a.jpg')).message).toMatch(/no such file.*Hint: a string is the path/);
    expect((await failure('x'.repeat(5000))).message).toMatch(/^x+\.\.\. \(5000 characters\): .*too long/);
    expect((await failure(`${'x'.repeat(5000)}\0`)).message.length).toBeLessThan(400);
  });
});

describe('arguments', () => {
  test.each([
    [null, /received null/],
    [42, /received 42/],
    [{}, /received an object/],
    [[1, 2], /received an array of 2/],
  ])('%p is no image', async (source, message) => {
    const error = await failure(source as unknown as ImageSource);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toMatch(message);
  });

  test.each([
    [{ mode: 'quick' }, /mode: expected exact or fast/],
    [{ mode: 'fast' }, /minSide: expected an integer from 1/],
    [{ mode: 'fast', minSide: 0 }, /minSide: expected an integer from 1/],
    [{ maxPixels: 0 }, /maxPixels/],
    [{ maxPixels: 1.5 }, /maxPixels/],
    [{ timeoutSeconds: 4000 }, /timeoutSeconds/],
    [{ background: { r: 1, g: 2 } }, /background\.b/],
    [{ background: 'red' }, /background: expected \{r, g, b\}/],
    [{ quality: 3 }, /no option quality/],
    [null, /expected an object of options/],
  ])('options %j are refused', async (options, message) => {
    const error = await failure(await encoders.png.encode(picture), options as unknown as DecodeOptions);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toMatch(message);
  });
});

describe('ownership', () => {
  test('bytes may be changed or given away as soon as the call returns', async () => {
    const bytes = await encoders.png.encode(picture);
    const own = new Uint8Array(bytes);
    const pending = decodeImage(own);
    own.fill(0);
    structuredClone(own.buffer, { transfer: [own.buffer] });
    expect(Buffer.from((await pending).data).equals(Buffer.from(picture.data))).toBe(true);
  });

  test('bytes in a shared buffer are decoded', async () => {
    const bytes = await encoders.png.encode(picture);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect((await decodeImage(shared)).width).toBe(48);
  });

  test('an aborted decode rejects with the reason of the signal, before and during the work', async () => {
    const reason = new Error('changed my mind');
    expect(await failure(bomb(9, 9), { signal: AbortSignal.abort(reason) })).toBe(reason);
    const controller = new AbortController();
    const begun = performance.now();
    const pending = failure(slowPicture(), { signal: controller.signal, timeoutSeconds: 1 });
    setTimeout(() => controller.abort(reason), 50);
    expect(await pending).toBe(reason);
    expect(performance.now() - begun).toBeLessThan(900);
  });
});
