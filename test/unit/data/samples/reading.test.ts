/** Images of every kind of sample: the right bytes, or an ImageError that says what is in the way. */
import sharp from 'sharp';
import { type DecodeOptions, decodeImage } from '../../../../lib/data/decoding.js';
import { ImageError } from '../../../../lib/errors.js';
import { golden } from '../../../helpers/golden.js';
import { encoder, gradient } from '../../../helpers/pictures.js';
import { type TiffPicture, writeTiff } from '../../../helpers/tiff_writer.js';

/** Decodes, and checks the size. */
async function outcome(
  file: Uint8Array,
  {
    width,
    height,
    pixels,
    decode,
  }: { width: number; height: number; pixels: ArrayLike<number>; decode?: DecodeOptions },
): Promise<{ readonly difference?: number; readonly refused?: string }> {
  try {
    const image = await decodeImage(file, decode);
    expect(image).toMatchObject({ width, height, channels: 3 });
    return { difference: worst(image.data, pixels) };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { refused: error.message };
  }
}

function worst(data: Uint8Array, pixels: ArrayLike<number>): number {
  return data.reduce((most, value, i) => Math.max(most, Math.abs(value - (pixels[i] as number))), 0);
}

interface Kind {
  readonly id: string;
  readonly file: string;
  readonly width?: number;
  readonly height?: number;
  readonly pixels?: string;
  readonly tolerance?: number;
  readonly refused?: string;
  readonly decode?: DecodeOptions;
}

const kinds = golden<{ kinds: Kind[] }>('images/kinds.json').kinds;

describe('files that other programs wrote', () => {
  test.each(kinds.map((kind) => [kind.id, kind] as const))('%s', async (_, kind) => {
    const { width = 0, height = 0, decode = {} } = kind;
    const pixels = Buffer.from(kind.pixels ?? '', 'base64');
    const seen = await outcome(Buffer.from(kind.file, 'base64'), { width, height, pixels, decode });
    if (kind.refused === undefined) expect(seen.difference).toBeLessThanOrEqual(kind.tolerance as number);
    else expect(seen.refused).toContain(kind.refused);
  });

  test('plain CMYK is that of TensorFlow', async () => {
    const files = golden<{ kinds: { id: string; pixels: string }[] }>('images/cmyk.json').kinds;
    expect(files.map(({ id }) => id)).toEqual(['jpeg cmyk', 'jpeg ycck', 'jpeg cmyk, not of Adobe']);
    for (const { id, pixels } of files) {
      const { file } = kinds.find((kind) => kind.id === id) as Kind;
      const { data } = await decodeImage(Buffer.from(file, 'base64'), { cmyk: 'plain' });
      expect(Buffer.from(data).equals(Buffer.from(pixels, 'base64'))).toBe(true);
    }
  });
});

describe('TIFF files of every interpretation, format and width', () => {
  const [width, height] = [8, 4];
  /** 0 to 1, all different. */
  const places = Array.from({ length: width * height }, (_, i) => i / (width * height - 1));
  const interpretations = [
    { name: 'white is 0', photometric: 0, colours: 1 },
    { name: 'black is 0', photometric: 1, colours: 1 },
    { name: 'RGB', photometric: 2, colours: 3 },
  ] as const;
  const formats = [
    { name: 'unsigned', sampleFormat: 1 },
    { name: 'signed', sampleFormat: 2 },
    { name: 'float', sampleFormat: 3 },
    { name: 'undefined', sampleFormat: 4 },
    { name: 'complex', sampleFormat: 6 },
  ] as const;
  const layouts = [
    { name: '', changes: {} },
    { name: 'alpha', changes: {}, alpha: true },
    { name: 'big-endian, strips of 3 rows', changes: { bigEndian: true, rowsPerStrip: 3 } },
    { name: 'planes', changes: { planar: true, rowsPerStrip: 3 } },
    { name: 'big-endian planes, alpha', changes: { bigEndian: true, planar: true }, alpha: true },
  ] as const;
  const widths = [1, 2, 4, 8, 10, 12, 14, 16, 24, 32, 64];
  const colour = (place: number, c: number) => (c === 1 ? 1 - place : c === 2 ? (place * 3) % 1.001 : place);

  test.each(
    interpretations.flatMap((interpretation) =>
      formats.map((format) => [interpretation.name, format.name, { ...interpretation, ...format }] as const),
    ),
  )('%s, %s', async (_, name, { photometric, colours, sampleFormat }) => {
    const isFloat = sampleFormat === 3;
    const isUnsigned = sampleFormat === 1 || sampleFormat === 4;
    for (const bits of widths) {
      const most = 2 ** Math.min(bits, 52) - 1;
      const shift = Math.max(0, bits - 8);
      const stored = (value: number) => (isFloat ? Math.fround(value) : Math.floor(value * most));
      const shown = (value: number) => {
        const v = photometric === 0 ? (isFloat ? 1 : most) - stored(value) : stored(value);
        if (isFloat) return Math.round(255 * v);
        return bits < 8 ? (v * 255) / most : Math.floor(v / 2 ** shift);
      };
      for (const { name: layout, changes, ...rest } of layouts) {
        const alpha = 'alpha' in rest;
        const samples = colours + (alpha ? 1 : 0);
        const ofPixel = (place: number) =>
          Array.from({ length: samples }, (_, c) => stored(c === colours ? 0.5 : colour(place, c)));
        const values = places.flatMap(ofPixel);
        const bytes = writeTiff({ ...{ width, height, samples, values, bits, sampleFormat, photometric }, ...changes });
        const pixels = places.flatMap((place) => [0, 1, 2].map((c) => shown(colour(place, colours === 1 ? 0 : c))));
        const seen = { bits, layout, ...(await outcome(bytes, { width, height, pixels })) };
        const planes = 'planar' in changes;
        const whole = colours === 1 && !alpha;
        if (colours === 1 && planes && (alpha || bits < 8)) expect(seen.refused).toBeDefined();
        else if (isFloat ? bits === 32 : isUnsigned && (whole ? [1, 2, 4, 8, 16, 32] : [8, 16, 32]).includes(bits))
          expect(seen).toEqual({ bits, layout, difference: 0 });
        else expect(seen.refused).toMatch(new RegExp(name === 'complex' ? 'complex numbers' : ` of ${bits} bits`));
      }
    }
  });

  const grey = {
    width,
    height,
    samples: 1,
    bits: 8,
    sampleFormat: 1,
    photometric: 1,
    values: places.map((p) => 255 * p),
  };

  test.each([
    ['a transparency mask', { photometric: 4 }],
    ['CIE L*a*b*', { photometric: 8, samples: 3, values: [...places, ...places, ...places] }],
    ["a sensor's colour filter array", { photometric: 32803 }],
    ["a sensor's linear colours", { photometric: 34892 }],
    ['CIE Log L', { photometric: 32844, bits: 16 }],
    ['of kind 12345', { photometric: 12345 }],
    ['YCbCr without JPEG compression', { photometric: 6, samples: 3, values: [...places, ...places, ...places] }],
    ['grey with 3 samples', { samples: 3, values: [...places, ...places, ...places] }],
    [
      'its inks are not',
      { photometric: 5, samples: 4, values: [...places, ...places, ...places, ...places], more: [[332, 2]] },
    ],
    ['a camera raw file', { more: [[50706, 0x01040000]] }],
    [
      'a preview of another one',
      {
        more: [
          [254, 1],
          [330, 8],
        ],
      },
    ],
  ] as const)('%s is refused', async (message, changes) => {
    const error = await decodeImage(writeTiff({ ...grey, ...changes } as TiffPicture)).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ImageError);
    expect((error as Error).message).toContain(message);
  });

  test('a picture that says to be a reduced one and stands alone is the picture', async () => {
    const pixels = places.flatMap((p) => [0, 1, 2].map(() => Math.floor(255 * p)));
    expect(await outcome(writeTiff({ ...grey, more: [[254, 1]] }), { width, height, pixels })).toEqual({
      difference: 0,
    });
  });

  test('what comes before the pixels may end anywhere', async () => {
    const bytes = writeTiff({ ...grey, bits: 32, values: places.map((p) => p * 2 ** 31) });
    for (let cut = 4; cut < bytes.length; cut++)
      await expect(decodeImage(bytes.subarray(0, cut))).rejects.toBeInstanceOf(ImageError);
  });

  test('samples of 32 bits are laid on a background by their alpha', async () => {
    const background = { r: 200, g: 100, b: 0 };
    const half = Math.fround(0.5);
    const float = writeTiff({
      ...grey,
      bits: 32,
      sampleFormat: 3,
      samples: 2,
      values: places.flatMap((p) => [p, half]),
    });
    const integer = writeTiff({
      ...{ ...grey, bits: 32, samples: 4, photometric: 2 },
      values: places.flatMap((p) => [p, p, p, 0.25].map((v) => v * (2 ** 32 - 1))),
    });
    const over = (alpha: number, byte: (p: number) => number) =>
      places.flatMap((p) => [200, 100, 0].map((below) => byte(p) * alpha + below * (1 - alpha)));
    const decode = { background };
    const floats = over(0.5, (p) => 255 * Math.fround(p));
    expect((await outcome(float, { width, height, decode, pixels: floats })).difference).toBeLessThanOrEqual(0.5);
    const pixels = over(63 / 255, (p) => Math.floor((p * (2 ** 32 - 1)) / 2 ** 24));
    expect((await outcome(integer, { width, height, decode, pixels })).difference).toBeLessThanOrEqual(0.5);
  });

  test('a decode of many pixels of such a kind ends when it is aborted', async () => {
    const [columns, rows] = [1100, 1000];
    const values = new Float32Array(columns * rows).fill(0.5);
    const bytes = writeTiff({
      ...{ width: columns, height: rows, samples: 1, values },
      ...{ bits: 32, sampleFormat: 3, photometric: 1 },
    });
    const { data } = await decodeImage(bytes);
    expect(Buffer.from(data).equals(Buffer.alloc(3 * columns * rows, 128))).toBe(true);
    await expect(decodeImage(bytes, { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });
});

describe('what the decoder itself writes', () => {
  const picture = gradient(24, 16);
  const grey = Array.from({ length: 24 * 16 }, (_, i) => picture.data[3 * i] as number);

  test.each([
    ['16-bit RGB PNG', () => encoder(picture).toColourspace('rgb16').png().toBuffer()],
    ['palette PNG', () => encoder(picture).png({ palette: true, colours: 256, dither: 0, quality: 100 }).toBuffer()],
    ['lossless WebP', () => encoder(picture).webp({ lossless: true }).toBuffer()],
    [
      'pyramid TIFF',
      () =>
        encoder(picture)
          .tiff({ compression: 'lzw', pyramid: true, tile: true, tileWidth: 16, tileHeight: 16 })
          .toBuffer(),
    ],
    [
      'tiled TIFF',
      () => encoder(picture).tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
    ],
  ] as const)('%s', async (name, encode) => {
    const { data } = await decodeImage(await encode());
    expect(worst(data, picture.data)).toBeLessThanOrEqual(name === 'palette PNG' ? 24 : 1);
  });

  test.each(['8 bits', '16 bits'])('a grey PNG with alpha, %s', async (bits) => {
    const { data } = await decodeImage(
      await sharp(Uint8Array.from(grey), { raw: { width: 24, height: 16, channels: 1 } })
        .ensureAlpha(0.3)
        .toColourspace(bits === '8 bits' ? 'b-w' : 'grey16')
        .png()
        .toBuffer(),
    );
    expect(Array.from(data)).toEqual(grey.flatMap((value) => [value, value, value]));
  });

  test.each([10, 12] as const)('an AVIF of %d bits', async (bitdepth) => {
    const bytes = await encoder(picture).avif({ bitdepth, lossless: true }).toBuffer();
    const { data } = await decodeImage(bytes);
    expect(worst(data, picture.data)).toBeLessThanOrEqual(2);
  });
});

test('cmyk is profile or plain', async () => {
  await expect(decodeImage(new Uint8Array(4), { cmyk: 'naive' } as never)).rejects.toThrow(
    /cmyk: expected profile or plain/,
  );
});
