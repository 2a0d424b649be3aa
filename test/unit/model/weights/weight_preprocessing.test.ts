/** Preprocessing as data of weights: metadata, timm's config.json, presets and options. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { convertCheckpoint, openCheckpoint, writeCheckpoint } from '../../../../lib/checkpoint/index.js';
import { preprocessImage } from '../../../../lib/data/index.js';
import { ArgumentError, CheckpointError } from '../../../../lib/errors.js';
import { type LoadModelOptions, loadModel } from '../../../../lib/model/index.js';
import {
  preprocessingKey,
  preprocessingText,
  storedPreprocessing,
} from '../../../../lib/model/weights/weight_preprocessing.js';
import { network } from '../../../../lib/slim/nets/index.js';
import { slimnet } from '../../../helpers/cli.js';
import { largestDifference } from '../../../helpers/network_fixtures.js';
import { encoders, gradient } from '../../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../../helpers/plain_checkpoint.js';

let folder: string;
let plain: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-weight-preprocessing-'));
  plain = await writePlainCheckpoint(join(folder, 'plain.safetensors'), 5, 'resnet_18');
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
/** A safetensors file of one number, in a folder of its own. */
async function tiny(metadata: Record<string, string>, config?: unknown): Promise<string> {
  const own = mkdtempSync(join(folder, `${count++}-`));
  const path = join(own, 'model.safetensors');
  await writeCheckpoint(path, [{ name: 'x', dtype: 'float32', shape: [1], data: Float32Array.of(1) }], { metadata });
  if (config !== undefined)
    writeFileSync(join(own, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return path;
}

async function stored(path: string | Uint8Array, name: 'resnet_50' | 'resnet_v1_50' = 'resnet_50') {
  await using reader = await openCheckpoint(path);
  return await storedPreprocessing(network(name), reader);
}

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const a1 = {
  ...{ input_size: [3, 224, 224], crop_pct: 0.95, crop_mode: 'center', interpolation: 'bicubic', ...imagenet },
  ...{ test_input_size: [3, 288, 288], test_crop_pct: 1, num_classes: 1000, pool_size: [7, 7], first_conv: 'conv1' },
};

describe('what weights say', () => {
  test('is nothing, or what the metadata say', async () => {
    expect(await stored(await tiny({}))).toBeNull();
    expect(await stored(await tiny({ format: 'pt' }, { id2label: {} }))).toBeNull();
    const said = { name: 'torchvision_v2', imageSize: 288, interpolation: 'bicubic' } as const;
    expect(await stored(await tiny({ [preprocessingKey]: preprocessingText(said) }, { pretrained_cfg: a1 }))).toEqual(
      said,
    );
  });

  test("is what timm's config.json says beside the weights of a network of theirs", async () => {
    const path = await tiny({ format: 'pt' }, { architecture: 'resnet50', pretrained_cfg: a1 });
    expect(await stored(path)).toEqual({
      ...{ name: 'torchvision', imageSize: 224, cropFraction: 0.95, interpolation: 'bicubic', ...imagenet },
    });
    expect(await stored(path, 'resnet_v1_50')).toBeNull();
    const before = process.cwd();
    process.chdir(dirname(path));
    try {
      expect(await stored(readFileSync(path))).toBeNull();
    } finally {
      process.chdir(before);
    }
  });

  test.each([
    ['no JSON', '{', /metadata slimnet\.preprocessing: not valid JSON/],
    ['a list', '[]', /expected an object of options/],
    ['no preset', '{}', /There is no preprocessing undefined; there is vgg/],
    [
      'a preset that is not known',
      '{"name":"torchvision_v9"}',
      /There is no preprocessing the string "torchvision_v9"/,
    ],
    ['another option', '{"name":"vgg","flip":true}', /has no option flip/],
    ['a side of text', '{"name":"vgg","resizeSide":"256"}', /resizeSide: expected an integer/],
    ['a side that does not fit', '{"name":"inception","resizeSide":256}', /inception has no resizeSide/],
    ['a size of 0', '{"name":"vgg","imageSize":0}', /imageSize: expected an integer/],
  ])('%s in the metadata is an error of the file', async (_, text, message) => {
    const failed = stored(await tiny({ [preprocessingKey]: text }));
    await expect(failed).rejects.toThrow(CheckpointError);
    await expect(failed).rejects.toThrow(message);
  });

  test.each([
    ['no JSON', '{', /config\.json: not valid JSON/],
    [
      'another crop',
      { ...a1, crop_mode: 'squash' },
      /crop_mode: expected center, received .*squash.*Hint: choose a preprocessing/s,
    ],
    ['unequal sides', { ...a1, input_size: [3, 224, 192] }, /input_size: expected 3 channels and equal sides/],
    ['a random interpolation', { ...a1, interpolation: 'random' }, /interpolation: expected nearest, bilinear/],
    ['a crop in percent', { ...a1, crop_pct: 95 }, /cropFraction: expected a number from 0\.01 to 1/],
    ['one mean', { ...a1, mean: 0.5 }, /mean: expected three numbers/],
  ])("%s in timm's config.json is an error of that file", async (_, config, message) => {
    const failed = stored(await tiny({}, typeof config === 'string' ? config : { pretrained_cfg: config }));
    await expect(failed).rejects.toThrow(CheckpointError);
    await expect(failed).rejects.toThrow(message);
  });
});

describe('loadModel', () => {
  const load = (checkpoint: string, options: LoadModelOptions = {}) =>
    loadModel('resnet_18', { checkpoint, precision: 'float32', packedCache: false, ...options });

  test('honours what slimnet convert kept, and an explicit option wins', async () => {
    const converted = join(folder, 'v2.safetensors');
    const args = [
      '--preprocessing',
      'torchvision_v2',
      '--interpolation',
      'bicubic',
      '--size',
      '64',
      '--resize-side',
      '70',
    ];
    expect(await slimnet(['convert', plain, converted, ...args])).toMatchObject({ status: 0 });
    const picture = gradient(120, 90);
    const differing = { resizeSide: 70, interpolation: 'bicubic', height: 64, width: 64 } as const;
    const expected = await preprocessImage(picture, { preprocessing: 'torchvision_v2', ...differing });
    {
      await using model = await load(converted);
      expect(model.preprocessing).toMatchObject({ name: 'torchvision_v2', ...differing });
      expect(largestDifference(await model.preprocess([picture]), expected)).toBe(0);
    }
    {
      await using model = await load(converted, { cropFraction: 0.5, mean: [0, 0, 0] });
      expect(model.preprocessing).toMatchObject({
        name: 'torchvision_v2',
        resizeSide: 128,
        interpolation: 'bicubic',
        mean: [0, 0, 0],
        width: 64,
      });
    }
    {
      await using model = await load(converted, { preprocessing: 'timm_a1', imageSize: 96, decode: { mode: 'fast' } });
      expect(model.preprocessing).toMatchObject({
        name: 'timm_a1',
        resizeSide: 101,
        interpolation: 'bicubic',
        width: 96,
      });
    }
    // What other checkpoints hold stays in the metadata, whatever is changed.
    const again = join(folder, 'again.safetensors');
    expect(await slimnet(['convert', converted, again, '--std', '1,2,3'])).toMatchObject({ status: 0 });
    const kept = { name: 'torchvision_v2', interpolation: 'bicubic', imageSize: 64, resizeSide: 70 };
    expect(await stored(again)).toEqual({ ...kept, std: [1, 2, 3] });
    await convertCheckpoint(again, join(folder, 'third.safetensors'), { metadata: { note: 'x' } });
    expect(await stored(join(folder, 'third.safetensors'))).toEqual({ ...kept, std: [1, 2, 3] });
  }, 60_000);

  test('takes presets and options for networks without weights', async () => {
    await using model = await loadModel('resnet_18', { untrainedSeed: 1, numClasses: 2, resizeSide: 232 });
    expect(model.preprocessing).toMatchObject({ name: 'torchvision', resizeSide: 232, height: 224 });
  });

  test.each([
    [{ preprocessing: 'torchvision_v3' }, /There is no preprocessing .*torchvision_v3/],
    [{ resizeSide: 100 }, /resizeSide: expected at least the 224 pixels of the crop, received 100/],
    [{ resizeSide: 256, cropFraction: 0.9 }, /expected one of them/],
    [{ preprocessing: 'caffe', resizeSide: 256 }, /caffe has no resizeSide/],
    [{ interpolation: 'cubic' }, /interpolation: expected/],
    [{ std: [0, 1, 1] }, /std: expected three positive numbers/],
  ])('%p is refused', async (options, message) => {
    const failed = loadModel('resnet_18', { untrainedSeed: 1, numClasses: 2, ...(options as object) });
    await expect(failed).rejects.toThrow(ArgumentError);
    await expect(failed).rejects.toThrow(message);
  });
});

describe('slimnet', () => {
  test('classify takes the same options', async () => {
    const photo = join(folder, 'photo.png');
    writeFileSync(photo, await encoders.png.encode(gradient(90, 120)));
    const run = (...args: string[]) =>
      slimnet(['classify', photo, '-m', 'resnet_18', '-c', plain, '--precision', 'float32', '-f', 'jsonl', ...args]);
    const [v1, v2, same] = [
      await run(),
      await run('--preprocessing', 'torchvision_v2'),
      await run('--resize-side', '232'),
    ];
    expect([v1.status, v2.status, v2.err]).toEqual([0, 0, '']);
    expect(v2.out).not.toBe(v1.out);
    expect(same.out).toBe(v2.out);
    const all = ['--crop-fraction', '0.9', '--interpolation', 'area', '--mean', '0,0.5,1', '--std', '1,2,.5'];
    expect(await run(...all, '--cmyk', 'plain', '--max-pixels', '10800')).toMatchObject({ status: 0 });
    expect(await run('--max-pixels', '10799')).toMatchObject({
      status: 1,
      out: expect.stringContaining('pixel limit'),
    });
  }, 60_000);

  test.each([
    ['--resize-side', '0', /Expected an integer from 1/],
    ['--crop-fraction', '87.5', /Expected a number from 0\.01 to 1/],
    ['--interpolation', 'cubic', /Allowed choices are nearest/],
    ['--mean', '0.5', /Expected three numbers/],
    ['--mean', '0.5,,0.5', /Expected three numbers/],
    ['--std', '1,0,1', /std: expected three positive numbers/],
    ['--preprocessing', 'torchvision_v9', /Allowed choices are vgg/],
  ])('classify %s %s is wrong use', async (option, value, message) => {
    const { status, err } = await slimnet(['classify', 'x.jpg', '-m', 'resnet_18', '-c', plain, option, value]);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });

  test('convert wants a preset for options, and a format that keeps them', async () => {
    const out = join(folder, 'never.safetensors');
    expect(await slimnet(['convert', plain, out, '--resize-side', '232'])).toMatchObject({
      ...{ status: 2, err: expect.stringMatching(/--preprocessing is needed/) },
    });
    expect(await slimnet(['convert', plain, join(folder, 'never.ckpt'), '--preprocessing', 'vgg'])).toMatchObject({
      ...{
        status: 2,
        err: expect.stringMatching(/--preprocessing does not apply to v2\. Hint: it is for --to safetensors or onnx/),
      },
    });
    expect(await slimnet(['convert', plain, out, '--preprocessing', 'caffe', '--resize-side', '9'])).toMatchObject({
      ...{ status: 2, err: expect.stringMatching(/caffe has no resizeSide/) },
    });
  });
});
