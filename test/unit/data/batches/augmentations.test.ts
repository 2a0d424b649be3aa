import { drawerOf } from '../../../../lib/data/batches/augmentations.js';
import { type AugmentationPolicy, augmentations, type DrawContext } from '../../../../lib/data/index.js';
import { drawAugmentation } from '../../../../lib/data/preprocess_image.js';
import { type PreprocessingName, preprocessingFor } from '../../../../lib/data/preprocessing.js';
import { ArgumentError } from '../../../../lib/errors.js';
import type { Augmentation } from '../../../../lib/native/addon.js';
import { goldenPicture, paint } from '../../../helpers/pictures.js';
import { addon } from '../../../helpers/run.js';

function draws(
  policy: AugmentationPolicy,
  name: PreprocessingName,
  size: number,
  count: number,
  height = 300,
  width = 400,
) {
  const preprocessing = preprocessingFor(name, size);
  const draw = drawerOf('test', policy, preprocessing);
  return Array.from({ length: count }, (_, index) =>
    draw({ height, width, seed: 5, index, boxes: [], preprocessing }),
  ) as Augmentation[];
}

test.each(['vgg', 'inception'] as const)("slim is Slim's training form of %s", (name) => {
  const [first, second] = draws(augmentations.slim(), name, 224, 2);
  const options = { preprocessing: name, height: 224, width: 224, seed: 5 };
  expect(first).toEqual(drawAugmentation({ height: 300, width: 400 }, { ...options, index: 0 }));
  expect(second).toEqual(drawAugmentation({ height: 300, width: 400 }, { ...options, index: 1 }));
});

test('none leaves images as in evaluation', () => {
  const preprocessing = preprocessingFor('vgg', 224);
  expect(drawerOf('test', augmentations.none(), preprocessing)({} as DrawContext)).toBeNull();
});

test("one's own is told the image, seed and index", () => {
  const seen: DrawContext[] = [];
  const result = draws(augmentations.none(), 'vgg', 224, 0);
  expect(result).toEqual([]);
  const made = { resizeSide: 256 } as Augmentation;
  const policy = augmentations.own((context) => {
    seen.push(context);
    return made;
  });
  expect(draws(policy, 'vgg', 224, 2)).toEqual([made, made]);
  expect(seen[1]).toMatchObject({ height: 300, width: 400, seed: 5, index: 1 });
});

describe('plain', () => {
  test.each(['vgg', 'torchvision'] as const)(
    '%s: a side within its bounds, any crop of the network, half mirrored',
    (name) => {
      const all = draws(augmentations.plain({ resizeSideMin: 70, resizeSideMax: 72 }), name, 64, 2000);
      const of = <T>(pick: (a: Augmentation) => T) => [...new Set(all.map(pick))].sort();
      expect(of((a) => a.resizeSide)).toEqual([70, 71, 72]);
      expect(Math.max(...of((a) => a.crop.top))).toBe(8);
      expect(Math.min(...of((a) => a.crop.top))).toBe(0);
      expect(Math.max(...of((a) => a.crop.left))).toBe(96 - 64);
      expect(of((a) => `${a.crop.height}x${a.crop.width}`)).toEqual(['64x64']);
      expect(of((a) => a.resizeMethod)).toEqual([name === 'vgg' ? 'bilinear' : 'pillow_bilinear']);
      const mirrored = all.filter(({ flip }) => flip).length;
      expect(Math.abs(mirrored - 1000)).toBeLessThan(4 * Math.sqrt(500));
      expect(all.every(({ colour }) => colour.length === 0)).toBe(true);
    },
  );

  test.each(['inception', 'caffe'] as const)('%s: crops within the bounds of area and aspect', (name) => {
    const all = draws(augmentations.plain({ area: [0.2, 0.5], aspect: [0.5, 1.5] }), name, 64, 1000);
    for (const { crop, resizeSide, resizeMethod } of all) {
      const [area, aspect] = [(crop.height * crop.width) / (300 * 400), crop.width / crop.height];
      expect(resizeSide).toBe(0);
      expect(resizeMethod).toBe(name === 'inception' ? 'bilinear' : 'pillow_nearest');
      expect(area).toBeGreaterThan(0.19);
      expect(area).toBeLessThan(0.51);
      expect(aspect).toBeGreaterThan(0.49);
      expect(aspect).toBeLessThan(1.52);
      expect(crop.top + crop.height).toBeLessThanOrEqual(300);
      expect(crop.left + crop.width).toBeLessThanOrEqual(400);
    }
    const areas = all.map(({ crop }) => (crop.height * crop.width) / (300 * 400));
    expect(areas.reduce((sum, area) => sum + area, 0) / areas.length).toBeCloseTo(0.35, 1);
  });

  test('where no crop fits, the largest in the middle whose aspect is allowed is taken', () => {
    const [wide] = draws(augmentations.plain({ area: [1, 1], aspect: [0.5, 1] }), 'inception', 64, 1, 10, 100);
    const [tall] = draws(augmentations.plain({ area: [1, 1], aspect: [0.5, 1] }), 'inception', 64, 1, 100, 10);
    expect(wide?.crop).toEqual({ top: 0, left: 45, height: 10, width: 10 });
    expect(tall?.crop).toEqual({ top: 40, left: 0, height: 20, width: 10 });
  });

  test('colours are drawn within their bounds, brightness in the units of the pixels, and nothing else changes by it', () => {
    const colours = { brightness: 0.1, contrast: 0.2, saturation: 0.3, hue: 0.05 };
    for (const [name, unit] of [
      ['vgg', 255],
      ['inception', 1],
    ] as const) {
      const all = draws(augmentations.plain(colours), name, 224, 500);
      const amounts = (op: string) => all.map(({ colour }) => colour.find((step) => step.op === op)?.amount as number);
      const range = (op: string) => [Math.min(...amounts(op)), Math.max(...amounts(op))] as const;
      for (const [op, middle, bound] of [
        ['brightness', 0, 0.1 * unit],
        ['contrast', 1, 0.2],
        ['saturation', 1, 0.3],
        ['hue', 0, 0.05],
      ] as const) {
        const [least, most] = range(op);
        expect((middle - least) / bound).toBeGreaterThan(0.95);
        expect((middle - least) / bound).toBeLessThan(1.0001);
        expect((most - middle) / bound).toBeGreaterThan(0.95);
        expect((most - middle) / bound).toBeLessThan(1.0001);
      }
      const bare = draws(augmentations.plain(), name, 224, 500);
      expect(all.map(({ colour, ...rest }) => rest)).toEqual(bare.map(({ colour, ...rest }) => rest));
    }
  });

  test('flip: false mirrors nothing', () => {
    expect(draws(augmentations.plain({ flip: false }), 'vgg', 224, 100).some(({ flip }) => flip)).toBe(false);
  });

  test.each(['vgg', 'inception', 'torchvision', 'caffe'] as const)(
    'what is drawn can be applied with %s',
    async (name) => {
      const spec = preprocessingFor(name, 32);
      const image = goldenPicture(300, 400);
      const colours = { brightness: 0.1, contrast: 0.2, saturation: 0.3, hue: 0.05 };
      const [drawn] = draws(augmentations.plain(colours), name, 32, 1);
      const pixels = await addon().preprocess(spec, [image], [drawn as Augmentation]);
      expect(pixels).toHaveLength(32 * 32 * 3);
      expect(pixels.every(Number.isFinite)).toBe(true);
      expect(pixels).not.toEqual(await addon().preprocess(spec, [image]));
    },
  );
});

test.each([
  [
    () => augmentations.plain({ area: [0, 1] }),
    /area: expected \[least, most\], more than 0 and at most 1, received \[0,1\]/,
  ],
  [() => augmentations.plain({ aspect: [2, 1] }), /aspect/],
  [() => augmentations.plain({ hue: 0.6 }), /hue: expected a number from 0 to 0\.5/],
  [() => augmentations.plain({ resizeSideMin: 300, resizeSideMax: 200 }), /resizeSideMax/],
  [() => augmentations.plain({ mirror: true } as object), /has no option mirror/],
  [() => augmentations.slim({ fastMode: 1 as unknown as boolean }), /fastMode/],
  [() => augmentations.own(1 as unknown as () => Augmentation), /expected a function/],
  [
    () => drawerOf('test', augmentations.slim(), preprocessingFor('caffe', 224)),
    /Slim has no training form of caffe.*plain/,
  ],
  [
    () => drawerOf('test', augmentations.slim({ resizeSideMin: 200 }), preprocessingFor('vgg', 224)),
    /a crop of 224 x 224 does not fit/,
  ],
  [
    () => drawerOf('test', 'slim' as unknown as AugmentationPolicy, preprocessingFor('vgg', 224)),
    /expected one of augmentations/,
  ],
])('%s is refused', (make, message) => {
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});

test("colours do the same with vgg's values of 0 to 255 as with inception's of 0 to 1, which are compared with TensorFlow's", async () => {
  // Mild enough for nothing to be clipped by inception's preprocessing.
  const image = paint(16, 16, (x, y) => [96 + 4 * x, 100 + 3 * y, 120 + 2 * (x ^ y)]);
  const colour = (unit: number) =>
    [
      { op: 'brightness', amount: 0.05 * unit },
      { op: 'contrast', amount: 0.8 },
      { op: 'saturation', amount: 1.2 },
      { op: 'hue', amount: 0.07 },
    ] as const;
  const crop = { top: 0, left: 0, height: 16, width: 16 };
  const common = { crop, resizeMethod: 'bilinear', flip: false } as const;
  const made = async (name: PreprocessingName, resizeSide: number, unit: number) =>
    addon().preprocess(
      { ...preprocessingFor(name, 16), resizeSide: 16 },
      [image],
      [{ ...common, resizeSide, colour: colour(unit) }],
    );
  const means = [123.68, 116.78, 103.94];
  const [vgg, inception] = [await made('vgg', 16, 255), await made('inception', 0, 1)];
  const difference = vgg.map((value, i) =>
    Math.abs(value + (means[i % 3] as number) - 255 * ((inception[i] as number) / 2 + 0.5)),
  );
  expect(Math.max(...difference)).toBeLessThan(1e-3);
});
