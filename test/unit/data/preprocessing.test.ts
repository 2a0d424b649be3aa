import {
  type PreprocessingName,
  type PreprocessingOptions,
  type PreprocessingSpec,
  preprocessingFor,
  preprocessingNames,
} from '../../../lib/data/preprocessing.js';
import { copyRawImage, type RawImage } from '../../../lib/data/raw_image.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { network } from '../../../lib/slim/nets/index.js';
import { hash } from '../../helpers/generator.js';
import { golden } from '../../helpers/golden.js';
import { goldenPicture } from '../../helpers/pictures.js';
import { addon } from '../../helpers/run.js';
import { expectSampledPicture, type SampledPicture } from '../../helpers/sampled_picture.js';

const means = [123.68, 116.78, 103.94] as const;

function spec(
  height: number,
  width: number,
  resizeSide: number,
  name: PreprocessingName = 'vgg',
  sizeRounding: PreprocessingSpec['sizeRounding'] = 'rint',
): PreprocessingSpec {
  return { ...preprocessingFor(name, 1), height, width, resizeSide, sizeRounding };
}

function greyPicture(height: number, width: number): RawImage {
  const data = new Uint8Array(height * width);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(256 * hash(i, 2000));
  return { width, height, channels: 1, data };
}

function run(image: RawImage, s: PreprocessingSpec): Promise<Float32Array> {
  return addon().preprocess(s, [image]);
}

/** One picture of TensorFlow's, torchvision's or Pillow's. */
interface GoldenCase {
  readonly id: string;
  readonly image: [number, number];
  readonly grey: boolean;
  readonly size: [number, number];
  readonly sideMin?: number;
  readonly sizeRounding?: PreprocessingSpec['sizeRounding'];
  readonly output: SampledPicture;
}

describe.each(['vgg', 'inception', 'torchvision', 'caffe'] as const)('%s evaluation preprocessing', (name) => {
  test.each(
    golden<{ cases: GoldenCase[] }>(`preprocessing/${name}_eval.json`).cases.map(
      (c) => [c.sizeRounding === 'truncate' ? `${c.id} with truncated sizes` : c.id, c] as const,
    ),
  )('equals the original to the bit for %s', async (_, { image: [height, width], grey, size, output, ...rest }) => {
    const s = spec(size[0], size[1], rest.sideMin ?? 1, name, rest.sizeRounding);
    const actual = await run(grey ? greyPicture(height, width) : goldenPicture(height, width), s);
    expectSampledPicture(actual, size, output);
  });
});

/** What differs from a preset's numbers, or a preset alone. */
interface OptionCase extends GoldenCase {
  readonly preprocessing: PreprocessingName;
  readonly options: PreprocessingOptions;
}

const optionCases = (file: string) =>
  golden<{ cases: OptionCase[] }>(`preprocessing/${file}.json`).cases.map((c) => [c.id, c] as const);

function runOptions({ image: [height, width], grey, size: [side], preprocessing, options }: OptionCase) {
  return run(
    grey ? greyPicture(height, width) : goldenPicture(height, width),
    preprocessingFor(preprocessing, side, options),
  );
}

describe('presets and options', () => {
  test.each(optionCases('pillow_options'))("equal torchvision's, timm's and Pillow's to the bit: %s", async (_, c) => {
    expectSampledPicture(await runOptions(c), c.size, c.output);
  });

  test.each(optionCases('tensorflow_options'))("equal TensorFlow's: %s", async (_, c) => {
    // Sums of floats, in another order. A picture that grows is made of small differences between large places.
    const tolerances: Readonly<Record<string, number>> = { bicubic: 2e-6, area: 1e-5 };
    expectSampledPicture(await runOptions(c), c.size, c.output, tolerances[c.options.interpolation as string] ?? 0);
  });

  test('every preset occurs among the cases, and every interpolation', () => {
    const all = [...optionCases('pillow_options'), ...optionCases('tensorflow_options')].map(([, c]) => c);
    expect(new Set(all.map(({ preprocessing }) => preprocessing))).toEqual(new Set(preprocessingNames));
    expect(new Set(all.map(({ options }) => options.interpolation ?? 'bilinear'))).toEqual(
      new Set(['nearest', 'bilinear', 'bicubic', 'area', 'hamming', 'lanczos']),
    );
  });

  test('resizeSide and cropFraction stand for one another, and the one that is given counts', () => {
    const sides = (...args: Parameters<typeof preprocessingFor>) => {
      const { resizeSide, cropFraction } = preprocessingFor(...args);
      return [resizeSide, Math.round(cropFraction * 1000) / 1000];
    };
    expect(sides('torchvision', 224)).toEqual([256, 0.875]);
    expect(sides('torchvision_v2', 224)).toEqual([232, 0.966]);
    expect(sides('torchvision_v2', 448)).toEqual([464, 0.966]);
    expect(sides('timm_a1', 224)).toEqual([235, 0.953]);
    expect(sides('timm_a1', 288)).toEqual([303, 0.95]);
    expect(sides('timm_a1', 224, { resizeSide: 300 })).toEqual([300, 0.747]);
    expect(sides('torchvision', 224, { resizeSide: 232 })).toEqual([232, 0.966]);
    expect(sides('torchvision', 224, { cropFraction: 1 })).toEqual([224, 1]);
    expect(sides('vgg', 224, { cropFraction: 0.5 })).toEqual([448, 0.5]);
    expect(sides('inception', 300, { cropFraction: 0.5 })).toEqual([600, 0.5]);
    expect(sides('caffe', 224)).toEqual([224, 1]);
  });

  test('what weights say stands between the preset and the options', () => {
    const stored = {
      name: 'torchvision',
      imageSize: 160,
      resizeSide: 200,
      interpolation: 'bicubic',
      mean: [0, 0.5, 1],
    } as const;
    const { imageSize, ...rest } = stored;
    expect(preprocessingFor(stored, imageSize)).toMatchObject({ ...rest, height: 160, std: [0.229, 0.224, 0.225] });
    expect(preprocessingFor(stored, 320)).toMatchObject({ resizeSide: 400 });
    expect(preprocessingFor(stored, 160, { cropFraction: 0.5, interpolation: 'area' })).toMatchObject({
      ...{ resizeSide: 320, interpolation: 'area', mean: [0, 0.5, 1] },
    });
  });

  test.each([
    ['a side of 0', 'torchvision', { resizeSide: 0 }, /resizeSide: expected an integer from 1/],
    ['a side of text', 'torchvision', { resizeSide: '256' }, /resizeSide: expected an integer/],
    [
      'a side below the crop',
      'torchvision',
      { resizeSide: 223 },
      /resizeSide: expected at least the 224 pixels of the crop, received 223/,
    ],
    [
      'a side where the crop comes first',
      'inception',
      { resizeSide: 256 },
      /inception has no resizeSide: it crops before it resizes, so its crop is a cropFraction/,
    ],
    [
      'a side where nothing is cropped',
      'caffe',
      { resizeSide: 256 },
      /caffe has no resizeSide: it resizes to the size of the network/,
    ],
    ['a fraction where nothing is cropped', 'caffe', { cropFraction: 0.9 }, /caffe has no cropFraction/],
    ['both', 'torchvision', { resizeSide: 256, cropFraction: 0.9 }, /say the same: expected one of them/],
    ['percent', 'torchvision', { cropFraction: 87.5 }, /cropFraction: expected a number from 0.01 to 1, received 87.5/],
    ['another interpolation', 'torchvision', { interpolation: 'cubic' }, /interpolation: expected nearest, bilinear/],
    [
      "Pillow's interpolation",
      'vgg',
      { interpolation: 'lanczos' },
      /vgg: interpolation: expected one of nearest, bilinear, bicubic, area/,
    ],
    ['one mean', 'torchvision', { mean: 0.5 }, /mean: expected three numbers, for red, green and blue/],
    ['two means', 'torchvision', { mean: [0.5, 0.5] }, /mean: expected three numbers/],
    ['a mean of NaN', 'torchvision', { mean: [0.5, Number.NaN, 0.5] }, /mean: expected three numbers/],
    ['a deviation of 0', 'torchvision', { std: [1, 0, 1] }, /std: expected three positive numbers/],
  ] as const)('%s is refused', (_, name, options, message) => {
    const attempt = () => preprocessingFor(name, 224, options as unknown as PreprocessingOptions);
    expect(attempt).toThrow(ArgumentError);
    expect(attempt).toThrow(message);
  });
});

describe('evaluation preprocessing', () => {
  test('several images of different sizes give what each gives alone, in their order', async () => {
    const images = [goldenPicture(40, 30), greyPicture(17, 90), goldenPicture(300, 31)];
    const s = spec(24, 24, 32);
    const together = await addon().preprocess(s, images);
    for (const [i, image] of images.entries()) {
      expect(Array.from(together.subarray(i * 24 * 24 * 3, (i + 1) * 24 * 24 * 3))).toEqual(
        Array.from(await run(image, s)),
      );
    }
  });

  test('one colour stays that colour at every aspect, down to one row or column', async () => {
    const colour = [10, 100, 200];
    for (const [height, width] of [
      [1, 1],
      [1, 100_000],
      [100_000, 1],
      [3, 2000],
      [2, 1],
    ] as const) {
      const data = new Uint8Array(height * width * 3);
      for (let i = 0; i < data.length; i++) data[i] = colour[i % 3] as number;
      const out = await run({ data, height, width, channels: 3 }, spec(16, 16, 20));
      const worst = out.reduce(
        (most, v, i) => Math.max(most, Math.abs(v - ((colour[i % 3] as number) - (means[i % 3] as number)))),
        0,
      );
      expect(worst).toBeLessThan(1e-4);
    }
  });

  test('no images give no values', async () => {
    expect(await addon().preprocess(spec(8, 8, 8), [])).toHaveLength(0);
  });

  test('many calls at once are all answered', async () => {
    const image = goldenPicture(64, 64);
    const s = spec(32, 32, 40);
    const expected = Array.from(await run(image, s));
    const all = await Promise.all(Array.from({ length: 50 }, () => run(image, s)));
    for (const result of all) expect(Array.from(result)).toEqual(expected);
  });
});

describe('native checks', () => {
  const good = { data: new Uint8Array(12), width: 2, height: 2, channels: 3 };
  const s = spec(8, 8, 8);
  // The native entry is called as a hostile caller would, past every check in TypeScript.
  const call = (what: unknown, images: unknown) =>
    Promise.resolve().then(() => addon().preprocess(what as PreprocessingSpec, images as RawImage[]));

  test.each([
    ['no object', null],
    ['another method', { ...s, method: 'resnet' }],
    ['another interpolation', { ...s, interpolation: 'cubic' }],
    ["Pillow's interpolation where TensorFlow's are", { ...s, interpolation: 'lanczos' }],
    ['no interpolation', { ...s, interpolation: undefined }],
    ['a crop of nothing', { ...s, cropFraction: 0 }],
    ['a crop of more than all', { ...s, cropFraction: 1.01 }],
    ['two means', { ...s, mean: [1, 2] }],
    ['four means', { ...s, mean: [1, 2, 3, 4] }],
    ['a mean of NaN', { ...s, mean: [1, 2, Number.NaN] }],
    ['a deviation of 0', { ...s, std: [1, 0, 1] }],
    ['a deviation that float32 rounds to 0', { ...s, std: [1, 1e-60, 1] }],
    ['no rounding', { ...s, sizeRounding: undefined }],
    ['another rounding', { ...s, sizeRounding: 'up' }],
    ['a fraction', { ...s, height: 8.5 }],
    ['a negative size', { ...s, width: -1 }],
    ['NaN', { ...s, resizeSide: Number.NaN }],
    ['a size that no memory holds', { ...s, height: 2 ** 31 }],
    ['a text', { ...s, height: '8' }],
  ])('a specification with %s is refused', async (_, wrong) => {
    await expect(call(wrong, [good])).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('a crop that does not fit is an image error', async () => {
    await expect(call(spec(9, 8, 8), [good])).rejects.toMatchObject({ code: 'ERR_IMAGE' });
  });

  test.each([
    ['no list', good],
    ['holes', [undefined]],
    ['no data', [{ ...good, data: undefined }]],
    ['an array of numbers', [{ ...good, data: [1, 2, 3] }]],
    ['floats', [{ ...good, data: new Float32Array(12) }]],
    ['too few bytes', [{ ...good, data: new Uint8Array(11) }]],
    ['too many bytes', [{ ...good, data: new Uint8Array(13) }]],
    ['two channels', [{ ...good, channels: 2, data: new Uint8Array(8) }]],
    ['no width', [{ ...good, width: undefined }]],
    ['a width of 0', [{ ...good, width: 0, data: new Uint8Array() }]],
    ['sides whose product overflows', [{ ...good, width: 2 ** 32, height: 2 ** 32 }]],
    ['one bad image among good ones', [good, good, { ...good, height: 3 }]],
  ])('images with %s are refused', async (_, images) => {
    await expect(call(s, images)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('more output than any machine should hold is refused', async () => {
    await expect(call(spec(16384, 16384, 16384), [good, good])).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('a detached buffer is refused', async () => {
    const data = new Uint8Array(12);
    structuredClone(data.buffer, { transfer: [data.buffer] });
    await expect(call(s, [{ ...good, data }])).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('a getter that gives away another image is caught', async () => {
    const first = { ...good, data: new Uint8Array(12) };
    const second = {
      ...good,
      get width() {
        structuredClone(first.data.buffer, { transfer: [first.data.buffer] });
        return 2;
      },
    };
    await expect(call(s, [first, second])).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });
});

describe('preprocessingFor', () => {
  test('keeps side 256 up to that size and the proportion of 256 to 224 above', () => {
    const sides = [224, 64, 256, 448].map((size) => preprocessingFor('vgg', size));
    expect(sides.map(({ height, width, resizeSide }) => [height, width, resizeSide])).toEqual([
      [224, 224, 256],
      [64, 64, 256],
      [256, 256, 256],
      [448, 448, 512],
    ]);
  });

  test.each([299, 224, 301, 64, 1])('leaves inception its %d pixels of an image with resizeSide', (size) => {
    const { resizeSide } = preprocessingFor('inception', size);
    const kept = (side: number) => side - 2 * Math.trunc((side - side * 0.875) / 2);
    expect(kept(resizeSide)).toBeGreaterThanOrEqual(size);
    expect(resizeSide * 0.875).toBeLessThan(size + 1);
  });

  test.each([
    ['resnet', 224],
    ['toString', 224],
    ['vgg', 0],
    ['vgg', 1.5],
    ['vgg', 20000],
    ['vgg', Number.NaN],
  ])('%s at %s is refused', (name, size) => {
    expect(() => preprocessingFor(name as PreprocessingName, size)).toThrow(ArgumentError);
  });
});

test.each([
  ['resnet_v1_50', 'vgg', 224, 256],
  ['resnet_v2_50', 'inception', 299, 342],
  ['vgg_16', 'vgg', 224, 256],
  ['resnet_50', 'torchvision', 224, 256],
  ['keras_resnet_50', 'caffe', 224, 224],
] as const)('%s has the preprocessing of its published weights', (name, expected, size, resizeSide) => {
  const { preprocessing, imageSize } = network(name);
  expect(preprocessingFor(preprocessing, imageSize)).toMatchObject({
    ...{ name: expected, method: expected, height: size, width: size, resizeSide },
  });
});

describe('raw images', () => {
  const good: RawImage = { data: Uint8Array.from({ length: 24 }, (_, i) => i), width: 4, height: 2, channels: 3 };

  test('are copied, whichever bytes they view', () => {
    const data = new Uint8Array(30);
    data.set(good.data, 5);
    const image = copyRawImage({ ...good, data: data.subarray(5, 29) }, 8);
    data.fill(0);
    expect(Array.from(image.data)).toEqual(Array.from(good.data));
    expect(copyRawImage({ ...good, data: new Uint8ClampedArray(24) as unknown as Uint8Array }, 8).data).toHaveLength(
      24,
    );
    expect(copyRawImage({ data: Uint8Array.of(1, 2), width: 2, height: 1, channels: 1 }, 8)).toMatchObject({
      channels: 1,
    });
  });

  test.each([
    ['width 0', { width: 0 }, /width: expected an integer/],
    ['width 4.5', { width: 4.5 }, /width/],
    ['width as text', { width: '4' }, /width/],
    ['negative height', { height: -2 }, /height/],
    ['infinite height', { height: Number.POSITIVE_INFINITY }, /height/],
    ['4 channels', { channels: 4 }, /channels: expected 1 \(grey\) or 3/],
    ['no channels', { channels: undefined }, /channels/],
    ['a byte too few', { data: new Uint8Array(23) }, /data: expected 24 bytes for 4 x 2 x 3, received 23/],
    ['an array of numbers', { data: Array.from(good.data) }, /data: expected a Uint8Array, received an array/],
    ['floats', { data: new Float32Array(24) }, /data: expected a Uint8Array, received Float32Array/],
    ['no data', { data: undefined }, /data/],
    ['more pixels than the limit', { width: 4, height: 3, data: new Uint8Array(36) }, /limit is 8/],
  ])('%s is refused by name', (_, change, message) => {
    expect(() => copyRawImage({ ...good, ...change } as RawImage, 8)).toThrow(ImageError);
    expect(() => copyRawImage({ ...good, ...change } as RawImage, 8)).toThrow(message);
  });
});
