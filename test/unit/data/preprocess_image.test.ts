import { createHash } from 'node:crypto';
import {
  type Augmentation,
  drawAugmentation,
  type PreprocessImageOptions,
  preprocessImage,
  type RawImage,
} from '../../../lib/data/index.js';
import { type PreprocessingName, preprocessingFor } from '../../../lib/data/preprocessing.js';
import { ArgumentError, ImageError } from '../../../lib/errors.js';
import { golden } from '../../helpers/golden.js';
import { philox4x32 } from '../../helpers/philox.js';
import { goldenPicture } from '../../helpers/pictures.js';
import { addon } from '../../helpers/run.js';
import { expectSampledPicture, type SampledPicture } from '../../helpers/sampled_picture.js';

interface TrainingCase<Output> {
  readonly id: string;
  readonly image: [number, number];
  readonly size: [number, number];
  readonly augmentation: Augmentation;
  readonly output: Output;
}

function apply(name: PreprocessingName, { image, size, augmentation }: TrainingCase<unknown>): Promise<Float32Array> {
  const spec = { ...preprocessingFor(name, 1), height: size[0], width: size[1] };
  return addon().preprocess(spec, [goldenPicture(...image)], [augmentation]);
}

describe('a given augmentation', () => {
  test.each(
    golden<{ cases: TrainingCase<SampledPicture>[] }>('preprocessing/vgg_training.json').cases.map(
      (c) => [c.id, c] as const,
    ),
  )('of vgg makes of a picture what TensorFlow makes of it: %s', async (_, c) => {
    expectSampledPicture(await apply('vgg', c), c.size, c.output);
  });

  test.each(
    golden<{ cases: TrainingCase<{ readonly data: number[] }>[] }>('preprocessing/inception_training.json').cases.map(
      (c) => [c.id, c] as const,
    ),
  )('of inception makes of a picture what TensorFlow makes of it: %s', async (_, c) => {
    const actual = await apply('inception', c);
    expect(actual).toHaveLength(c.output.data.length);
    const worst = c.output.data.reduce((most, v, i) => Math.max(most, Math.abs(v - (actual[i] as number))), 0);
    expect(worst).toBeLessThan(3e-6);
  });
});

const vgg = { preprocessing: 'vgg', seed: 3, index: 5 } as const;
const inception = { preprocessing: 'inception', seed: 3, index: 5 } as const;
const photo = { height: 300, width: 400 };

/** The draws of images 0 to `count` - 1. */
function draws(options: PreprocessImageOptions, count: number, size = photo): Augmentation[] {
  return Array.from({ length: count }, (_, index) => drawAugmentation(size, { ...options, index }));
}

/** How often each value occurs. */
function countsOf<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Expects counts to be those of `size` equally probable values: chi-squared below its mean by five standard deviations. */
function expectUniform(counts: ReadonlyMap<unknown, number>, size: number, total: number): void {
  expect(counts.size).toBe(size);
  const expected = total / size;
  const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(chiSquared).toBeLessThan(size - 1 + 5 * Math.sqrt(2 * (size - 1)));
}

describe('the draw', () => {
  test('is a function of seed and index, by the words of Philox', () => {
    const [seed, index] = [2 ** 40 + 7, 2 ** 35 + 1];
    const words = philox4x32([0n, 0x80000000n, 1n, 8n], [7n, 256n]);
    const pick = (word: number, count: number) => Math.floor((word * count) / 2 ** 32);
    const [first, second, third, fourth] = words as [number, number, number, number];
    const resizeSide = 256 + pick(first, 257);
    const [height, width] = [resizeSide, Math.round(Math.fround(400 * Math.fround(resizeSide / 300)))];
    expect(drawAugmentation(photo, { ...vgg, seed, index })).toEqual({
      resizeSide,
      crop: { top: pick(second, height - 223), left: pick(third, width - 223), height: 224, width: 224 },
      resizeMethod: 'bilinear',
      flip: fourth < 2 ** 31,
      colour: [],
    });
  });

  test('differs between seeds and between indices', () => {
    const texts = [0, 1, 2, -1].flatMap((seed) =>
      [0, 1, 2].map((index) => JSON.stringify(drawAugmentation(photo, { ...inception, seed, index }))),
    );
    expect(new Set(texts).size).toBe(12);
  });

  test('of vgg takes every side from 256 to 512 and every place of the crop alike, and flips every other image', () => {
    const count = 20_000;
    const all = draws(vgg, count);
    expectUniform(countsOf(all.map((t) => t.resizeSide)), 257, count);
    expect(Math.abs(all.filter((t) => t.flip).length - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
    const fixed = draws({ ...vgg, resizeSideMin: 230, resizeSideMax: 230, height: 224 }, count, {
      height: 300,
      width: 305,
    });
    // 230 x 234, so 7 and 11 places.
    expectUniform(countsOf(fixed.map((t) => t.crop.top)), 7, count);
    expectUniform(countsOf(fixed.map((t) => t.crop.left)), 11, count);
  });

  test.each(
    golden<{
      cases: {
        readonly id: string;
        readonly image: [number, number];
        readonly boxes: PreprocessImageOptions['boxes'];
        readonly draws: number;
        readonly counts: [number, number, number, number, number][];
      }[];
    }>('preprocessing/distorted_boxes.json').cases.map((c) => [c.id, c] as const),
  )('of inception takes the boxes of TensorFlow as often as it does: %s', (_, c) => {
    const count = 20_000;
    const [height, width] = c.image;
    const size = { height, width };
    const ours = countsOf(
      draws({ ...inception, boxes: c.boxes ?? [] }, count, size).map(({ crop }) =>
        [crop.top, crop.left, crop.height, crop.width].join(),
      ),
    );
    const theirs = new Map(c.counts.map(([top, left, h, w, n]) => [[top, left, h, w].join(), n]));
    expect([...ours.keys()].filter((box) => !theirs.has(box))).toEqual([]);
    // Chi-squared of two samples.
    const ratio = Math.sqrt(count / c.draws);
    let chiSquared = 0;
    for (const [box, n] of theirs) {
      const own = ours.get(box) ?? 0;
      chiSquared += (own / ratio - n * ratio) ** 2 / (own + n);
    }
    expect(chiSquared).toBeLessThan(theirs.size - 1 + 5 * Math.sqrt(2 * (theirs.size - 1)));
  });

  test('of inception stays within the bounds of aspect, area and cover', () => {
    const all = draws(inception, 5000);
    const areas = all.map(({ crop }) => (crop.height * crop.width) / (photo.height * photo.width));
    // A tenth of the whole image must be covered, which is more than the least area.
    expect(Math.min(...areas)).toBeGreaterThanOrEqual(0.1);
    expect(Math.min(...areas)).toBeLessThan(0.11);
    expect(Math.max(...areas)).toBeGreaterThan(0.9);
    for (const { crop } of all) {
      expect(crop.width / crop.height).toBeGreaterThan(0.75 - 1 / crop.height);
      expect(crop.width / crop.height).toBeLessThan(1.33 + 1 / crop.height);
    }
    expect(Math.abs(all.filter((t) => t.flip).length - 2500)).toBeLessThan(5 * Math.sqrt(1250));
  });

  test('of inception falls back on the whole image where no box fits', () => {
    const size = { height: 1000, width: 3 };
    for (const augmentation of draws(inception, 5, size))
      expect(augmentation.crop).toEqual({ top: 0, left: 0, ...size });
  });

  const bounds = { brightness: [-32 / 255, 32 / 255], saturation: [0.5, 1.5], hue: [-0.2, 0.2], contrast: [0.5, 1.5] };

  function expectAmounts(all: readonly Augmentation[], ops: readonly (keyof typeof bounds)[]): void {
    for (const op of ops) {
      const [low, high] = bounds[op] as [number, number];
      const amounts = all.flatMap(({ colour }) => colour.filter((s) => s.op === op).map((s) => s.amount));
      expect(amounts).toHaveLength(all.length);
      expect(Math.min(...amounts)).toBeGreaterThanOrEqual(Math.fround(low));
      expect(Math.max(...amounts)).toBeLessThanOrEqual(Math.fround(high));
      expectUniform(
        countsOf(amounts.map((a) => Math.min(15, Math.floor((16 * (a - low)) / (high - low))))),
        16,
        all.length,
      );
    }
  }

  test('of inception in fast mode is bilinear, and changes brightness before saturation', () => {
    const all = draws(inception, 5000);
    expect(countsOf(all.map((t) => t.resizeMethod))).toEqual(new Map([['bilinear', 5000]]));
    expect(countsOf(all.map((t) => t.colour.map((s) => s.op).join()))).toEqual(
      new Map([['brightness,saturation', 5000]]),
    );
    expectAmounts(all, ['brightness', 'saturation']);
  });

  test('of inception in slow mode takes four methods and four orders of four steps alike', () => {
    const all = draws({ ...inception, fastMode: false }, 5000);
    expectUniform(countsOf(all.map((t) => t.resizeMethod)), 4, 5000);
    const orders = countsOf(all.map((t) => t.colour.map((s) => s.op).join()));
    expect([...orders.keys()].sort()).toEqual([
      'brightness,saturation,hue,contrast',
      'contrast,hue,brightness,saturation',
      'hue,saturation,contrast,brightness',
      'saturation,brightness,contrast,hue',
    ]);
    expectUniform(orders, 4, 5000);
    expectAmounts(all, ['brightness', 'saturation', 'hue', 'contrast']);
  });
});

describe('preprocessImage', () => {
  test.each(['vgg', 'inception'] as const)('in evaluation is what a model of %s gets', async (preprocessing) => {
    const image = goldenPicture(60, 90);
    const spec = preprocessingFor(preprocessing, preprocessing === 'vgg' ? 224 : 299);
    const actual = await preprocessImage(image, { preprocessing });
    expect(Array.from(actual)).toEqual(Array.from(await addon().preprocess(spec, [image])));
  });

  test('in training applies the draw', async () => {
    const image = goldenPicture(60, 90);
    const options = { ...inception, height: 20, width: 30 };
    const actual = await preprocessImage(image, { ...options, isTraining: true });
    const spec = { ...preprocessingFor('inception', 20), width: 30 };
    const expected = await addon().preprocess(spec, [image], [drawAugmentation(image, options)]);
    expect(Array.from(actual)).toEqual(Array.from(expected));
  });

  test.each([
    ['vgg', {}, '192f3cce41cd02976a1403649ef6424964d0fd2b3de6f4e1126be344f317893b'],
    ['inception', {}, 'c7c73bcbf226cba4e9fc3c800d9e35ab67f41a33e19e29840e9c1133b54c7eda'],
    ['inception', { fastMode: false }, '966be1c590490dc0b654e1ae6999cab0d8c1ee20a4835a291061797fa023b06d'],
  ] as const)('%s %j in training gives the same bits on every machine', async (preprocessing, options, digest) => {
    const hash = createHash('sha256');
    for (let index = 0; index < 12; index++) {
      const image = goldenPicture(64 + index, 80);
      const common = { preprocessing, isTraining: true, height: 24, width: 24, seed: 1, index } as const;
      hash.update(new Uint8Array((await preprocessImage(image, { ...common, ...options })).buffer));
    }
    expect(hash.digest('hex')).toBe(digest);
  });

  test('rounds the larger side as it is told', async () => {
    const image = goldenPicture(100, 151);
    const options = { preprocessing: 'vgg', height: 97, width: 129 } as const;
    const rounded = await preprocessImage(image, options);
    const truncated = await preprocessImage(image, { ...options, sizeRounding: 'truncate' });
    expect(Array.from(truncated)).not.toEqual(Array.from(rounded));
  });

  test('copies the pixels before it returns', async () => {
    const image = goldenPicture(40, 40);
    const expected = await preprocessImage(image, { ...vgg, isTraining: true });
    const promise = preprocessImage(image, { ...vgg, isTraining: true });
    image.data.fill(0);
    expect(Array.from(await promise)).toEqual(Array.from(expected));
  });

  test('refuses a crop that does not fit, in evaluation and in training', async () => {
    const image = goldenPicture(40, 40);
    for (const isTraining of [false, true]) {
      const options = { ...vgg, isTraining, resizeSideMin: 100, resizeSideMax: 200, height: 224, width: 224 };
      const failed = preprocessImage(image, options);
      await expect(failed).rejects.toThrow(ImageError);
      await expect(failed).rejects.toThrow(/^Crop size greater than the image size/);
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['no options', undefined, /expected an object of options/],
    ['no preprocessing', {}, /no preprocessing undefined/],
    [
      'another preprocessing',
      { preprocessing: 'lenet' },
      /there is vgg, inception, torchvision, torchvision_v2, .*caffe/,
    ],
    ['an unknown option', { ...vgg, size: 3 }, /preprocessImage has no option size/],
    ["another preprocessing's option", { ...vgg, fastMode: true }, /vgg has no option fastMode/],
    ["another preprocessing's option", { ...inception, resizeSideMin: 3 }, /inception has no option resizeSideMin/],
    [
      'training where there is none',
      { preprocessing: 'torchvision', isTraining: true, seed: 1, index: 1 },
      /no training form/,
    ],
    ['a height of 0', { ...vgg, height: 0 }, /height: expected an integer from 1/],
    ['a width of text', { ...vgg, width: '3' }, /width/],
    ['isTraining of 1', { ...vgg, isTraining: 1 }, /isTraining: expected true or false/],
    ['training without a seed', { preprocessing: 'vgg', isTraining: true, index: 1 }, /seed: expected an integer/],
    ['training without an index', { preprocessing: 'vgg', isTraining: true, seed: 1 }, /index: expected an integer/],
    ['a negative index', { ...vgg, index: -1 }, /index/],
    ['a seed that is not exact', { ...vgg, seed: 2 ** 53 }, /seed/],
    ['a side of 0', { ...vgg, resizeSideMin: 0 }, /resizeSideMin/],
    ['sides the wrong way round', { ...vgg, resizeSideMin: 300, resizeSideMax: 299 }, /resizeSideMax/],
    ['another rounding', { ...vgg, sizeRounding: 'up' }, /sizeRounding: expected rint or truncate/],
    ['fastMode of null', { ...inception, fastMode: null }, /fastMode/],
    ['boxes that are none', { ...inception, boxes: 3 }, /boxes: expected an array/],
    ['a box of three', { ...inception, boxes: [[0, 0, 1]] }, /boxes: expected \[top, left, bottom, right\]/],
    ['an empty box', { ...inception, boxes: [[0, 0.5, 1, 0.5]] }, /received \[0,0.5,1,0.5\]/],
    ['a box outside', { ...inception, boxes: [[0, 0, 1, 1.5]] }, /boxes/],
    ['a box of NaN', { ...inception, boxes: [[0, 0, 1, Number.NaN]] }, /boxes/],
  ])('refuses %s', async (_, options, message) => {
    const failed = preprocessImage(goldenPicture(8, 8), options as PreprocessImageOptions);
    await expect(failed).rejects.toThrow(ArgumentError);
    await expect(failed).rejects.toThrow(message);
  });

  test('refuses pixels that are none, and sizes that are none', async () => {
    const image = { ...goldenPicture(8, 8), width: 9 };
    await expect(preprocessImage(image as RawImage, vgg)).rejects.toThrow(ImageError);
    expect(() => drawAugmentation(null as never, vgg)).toThrow(ArgumentError);
    expect(() => drawAugmentation({ height: 0, width: 1 }, vgg)).toThrow(ArgumentError);
  });
});

describe('native checks of augmentations', () => {
  const image = { data: new Uint8Array(48), width: 4, height: 4, channels: 3 } as const;
  const crop = { top: 0, left: 0, height: 2, width: 2 };
  const good = { resizeSide: 4, crop, resizeMethod: 'bilinear', flip: false, colour: [] };
  const call = (augmentations: unknown, name: PreprocessingName = 'vgg') =>
    Promise.resolve().then(() =>
      addon().preprocess({ ...preprocessingFor(name, 2), resizeSide: 4 }, [image], augmentations as Augmentation[]),
    );

  test.each([
    ['no list', good],
    ['none', []],
    ['two for one image', [good, good]],
    ['null', [null]],
    ['no resize side', [{ ...good, resizeSide: 0 }]],
    ['a negative resize side', [{ ...good, resizeSide: -4 }]],
    ['a crop of another size', [{ ...good, crop: { ...crop, width: 3 } }]],
    ['a crop over the edge', [{ ...good, crop: { ...crop, left: 3 } }]],
    ['a crop before the edge', [{ ...good, crop: { ...crop, top: -1 } }]],
    ['a crop far away', [{ ...good, crop: { ...crop, top: 2 ** 40 } }]],
    ['another method', [{ ...good, resizeMethod: 'lanczos' }]],
    ['flip of 1', [{ ...good, flip: 1 }]],
    ['another colour', [{ ...good, colour: [{ op: 'gamma', amount: 1 }] }]],
    ['an amount of NaN', [{ ...good, colour: [{ op: 'hue', amount: Number.NaN }] }]],
    ['too many colours', [{ ...good, colour: new Array(17).fill({ op: 'hue', amount: 0 }) }]],
  ])('%s is refused', async (_, augmentations) => {
    await expect(call(augmentations)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
  });

  test('inception takes no resize side, and any crop of the image', async () => {
    await expect(call([good], 'inception')).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    const whole = { ...good, resizeSide: 0, crop: { top: 0, left: 0, height: 4, width: 4 } };
    expect(await call([whole], 'inception')).toHaveLength(12);
    await expect(call([{ ...whole, crop: { ...whole.crop, height: 5 } }], 'inception')).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
    await expect(call([{ ...whole, crop: { ...whole.crop, height: 0 } }], 'inception')).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
    });
  });
});
