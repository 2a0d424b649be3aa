import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCheckpoint } from '../../../lib/checkpoint/index.js';
import { preprocessImage } from '../../../lib/data/index.js';
import { ArgumentError, CheckpointError, ImageError } from '../../../lib/errors.js';
import { type LoadModelOptions, loadLabels, loadModel, type Model, type Prediction } from '../../../lib/model/index.js';
import { saveCalibration } from '../../../lib/runtime/index.js';
import type { NetworkName } from '../../../lib/slim/nets/index.js';
import { largestDifference } from '../../helpers/network_fixtures.js';
import { encoders, gradient, paint } from '../../helpers/pictures.js';
import { writePlainCheckpoint } from '../../helpers/plain_checkpoint.js';

const classes = 10;
const names = Array.from({ length: classes }, (_, i) => `name ${i}`);
/** Pictures of different sizes that look different. */
const pictures = [
  gradient(64, 48),
  paint(40, 60, (x, y) => [x * 6, 255 - y * 4, 30]),
  paint(50, 50, (x, y) => (((x >> 3) + (y >> 3)) % 2 === 0 ? [230, 220, 30] : [20, 40, 160])),
  paint(33, 90, (_, y) => [y * 2, y, 255 - y]),
  paint(80, 33, (x) => [x * 3, 10, 255 - x]),
];

let folder: string;
let checkpoint: string;
let paths: string[];
let model: Model;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-model-'));
  checkpoint = await writePlainCheckpoint(join(folder, 'plain.ckpt'), classes, 'resnet_18');
  paths = await Promise.all(
    pictures.map(async (picture, i) => {
      const path = join(folder, `${i}.png`);
      await writeFile(path, await encoders.png.encode(picture));
      return path;
    }),
  );
  model = await load({ labels: names, batching: { maxBatchSize: 2 } });
});
afterAll(async () => {
  await model[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

function load(options: LoadModelOptions = {}): Promise<Model> {
  return loadModel('resnet_18', { checkpoint, imageSize: 32, precision: 'float32', ...options });
}

const probabilities = (predictions: readonly Prediction[]) => predictions.map(({ probability }) => probability);

describe('hints', () => {
  test('of a model name the options of loadModel, in calls and in streams', async () => {
    await using small = await load({ decode: { maxPixels: 100 } });
    const expected = /Hint: raise decode\.maxPixels of loadModel( if the image is meant to be that large)?\.$/;
    await expect(small.classify(paths[0] as string)).rejects.toThrow(expected);
    await expect(small.embed([pictures[0] as (typeof pictures)[0]])).rejects.toThrow(expected);
    const failures: unknown[] = [];
    const onFailure = (_: unknown, error: unknown) => failures.push((error as Error).message);
    for await (const _ of small.stream(paths.slice(0, 2), 'logits', { onFailure }));
    expect(failures).toEqual([expect.stringMatching(expected), expect.stringMatching(expected)]);
  });

  test('of loadModel name its options, and none that it lacks', async () => {
    const attempt = load({ numClasses: 7 });
    await expect(attempt).rejects.toThrow(
      /Hint: The checkpoint has 10 classes, the network 7: build it with numClasses: 10\.$/,
    );
    await expect(attempt).rejects.not.toThrow(/excludeScopes|ignoreMissing/);
  });
});

test('auto is the network that the names of the checkpoint show', async () => {
  await using found = await loadModel('auto', { checkpoint, imageSize: 32, precision: 'float32' });
  expect(found.name).toBe('resnet_18');
  expect(await found.logits(paths[0] as string)).toEqual(await model.logits(paths[0] as string));
  await expect(loadModel('auto', { untrainedSeed: 1 })).rejects.toThrow(
    /expected a checkpoint, whose names show the network/,
  );
});

describe('a model', () => {
  test('knows its classes, labels, preprocessing and label offset', () => {
    expect(model).toMatchObject({ name: 'resnet_18', numClasses: classes, labels: names, labelOffset: 1 });
    expect(model.preprocessing).toMatchObject({ name: 'torchvision', height: 32, width: 32, resizeSide: 256 });
    expect(model.stats().variables).toBe(102);
  });

  test('classifies a path, bytes and pixels alike', async () => {
    const [path, picture] = [paths[0] as string, pictures[0] as (typeof pictures)[0]];
    const fromPath = await model.classify(path);
    expect(fromPath).toHaveLength(5);
    expect(await model.classify(await encoders.png.encode(picture))).toEqual(fromPath);
    expect(await model.classify(picture)).toEqual(fromPath);
    for (const { index, label, probability } of fromPath) {
      expect(label).toBe(`name ${index}`);
      expect(probability).toBeGreaterThan(0);
    }
    expect(probabilities(fromPath)).toEqual([...probabilities(fromPath)].sort((a, b) => b - a));
  });

  test('gives probabilities that are the softmax of the logits', async () => {
    const logits = await model.logits(paths[1] as string);
    expect(logits).toHaveLength(classes);
    const powers = logits.map((v) => Math.exp(v - Math.max(...logits)));
    const total = powers.reduce((a, b) => a + b, 0);
    for (const { index, probability } of await model.classify(paths[1] as string, { topK: classes })) {
      expect(probability).toBeCloseTo((powers[index] as number) / total, 5);
    }
  });

  test('gives what its parts give one after another', async () => {
    const pixels = await model.preprocess([paths[2] as string]);
    expect(pixels).toHaveLength(32 * 32 * 3);
    expect(await model.run(pixels)).toEqual(await model.logits(paths[2] as string));
    expect(await model.run(pixels, { output: 'features' })).toEqual(await model.embed(paths[2] as string));
    expect(await model.embed(paths[2] as string)).toHaveLength(512);
    expect(await model.decode(paths[2] as string)).toMatchObject({ width: 50, height: 50 });
  });

  test('gives for several images, in batches, what it gives for each', async () => {
    const mixed = [paths[0] as string, pictures[1] as (typeof pictures)[0], ...paths.slice(2)];
    const together = await model.logits(mixed);
    expect(together).toHaveLength(5);
    for (const [i, image] of mixed.entries()) {
      expect(largestDifference(together[i] as Float32Array, await model.logits(image))).toBeLessThan(1e-4);
    }
    expect(new Set(together.map((row) => row.join())).size).toBe(5);
    expect((await model.classify(mixed, { topK: 1 })).map((p) => p.length)).toEqual([1, 1, 1, 1, 1]);
    expect((await model.embed(mixed)).map((row) => row.length)).toEqual([512, 512, 512, 512, 512]);
  });

  test('gives nothing for no images', async () => {
    expect(await model.classify([])).toEqual([]);
    expect(await model.embed([])).toEqual([]);
  });

  test('answers calls that run at the same time', async () => {
    const alone = await model.logits(paths);
    const all = await Promise.all(paths.map((path) => model.logits(path)));
    all.forEach((row, i) => {
      expect(largestDifference(row, alone[i] as Float32Array)).toBeLessThan(1e-4);
    });
  });

  test('does not see what is done to bytes and pixels after the call', async () => {
    const expected = await model.logits(pictures);
    const own = pictures.map((picture) => ({ ...picture, data: picture.data.slice() }));
    const bytes = new Uint8Array(await encoders.png.encode(pictures[0] as (typeof pictures)[0]));
    const pending = model.logits([...own, bytes]);
    for (const { data } of own) data.fill(0);
    bytes.fill(0);
    const actual = await pending;
    expected.forEach((row, i) => {
      expect(largestDifference(actual[i] as Float32Array, row)).toBeLessThan(1e-4);
    });
    expect(largestDifference(actual[5] as Float32Array, expected[0] as Float32Array)).toBeLessThan(1e-4);
  });

  test('reads preprocessed images that are lent, and leaves them to their owner', async () => {
    await using larger = await load({ imageSize: 64, batching: { maxBatchSize: 2 } });
    const pixels = await larger.preprocess([paths[0] as string]);
    const place = larger.session.allocateFeed('float32', [1, 64, 64, 3]);
    place.set(pixels);
    const lent = [pixels, place, new Float32Array(pixels)].map((preprocessed) => ({ preprocessed }));
    const [expected] = await larger.infer([paths[0] as string], { outputs: ['logits'] });
    const rows = await larger.infer(lent, { outputs: ['logits'], borrowed: true });
    for (const { logits } of rows)
      expect(largestDifference(logits as Float32Array, expected?.logits as Float32Array)).toBeLessThan(1e-4);
    for (const { preprocessed } of lent) expect(preprocessed).toEqual(pixels);
    const detached = new Float32Array(pixels);
    structuredClone(detached, { transfer: [detached.buffer] });
    await expect(larger.infer([{ preprocessed: detached }], { borrowed: true })).rejects.toBeInstanceOf(ArgumentError);
    await expect(larger.infer([], { borrowed: 'no' as never })).rejects.toThrow(/borrowed: expected true or false/);
  });
});

describe('a network that gives NaN', () => {
  const biases = 'resnet_18/logits/biases';
  let damaged: Model;
  beforeAll(async () => {
    damaged = await load({ labels: names });
    const values = damaged.session.read(biases) as Float32Array;
    await damaged.session.write(biases, values.fill(Number.NaN, 3, 4));
  });
  afterAll(() => damaged[Symbol.asyncDispose]());

  test('classifies nothing, and says which variable is to blame', async () => {
    for (const images of [paths[0] as string, paths]) {
      const classified = damaged.classify(images as string);
      await expect(classified).rejects.toMatchObject({ code: 'ERR_EXECUTION', node: biases });
      await expect(classified).rejects.toThrow(`NaN or infinite: the variable ${biases} has such values.`);
    }
    expect(() => damaged.top(new Float32Array(classes).fill(Number.NaN), 3)).toThrow(/expected probabilities/);
  });

  test('is a failure of each image of a stream, and its logits are what they are', async () => {
    const failures: unknown[] = [];
    const onFailure = (source: unknown, error: unknown) => failures.push([source, (error as { node?: string }).node]);
    for await (const _ of damaged.stream(paths, 'predictions', { onFailure })) throw new Error('nothing was expected');
    expect(failures).toEqual(paths.map((path) => [path, biases]));
    expect((await damaged.logits(paths[0] as string))[3]).toBe(Number.NaN);
    expect((await damaged.embed(paths[0] as string)).every(Number.isFinite)).toBe(true);
  });
});

describe('what a precision costs', () => {
  test('is nothing in float32', () => {
    expect(model.precisionReport).toEqual({ asked: 'float32', chosen: 'float32', why: 'asked for' });
  });

  test('is measured by comparing models, kept beside the checkpoint, and told by the models loaded later', async () => {
    const own = join(folder, 'own.safetensors');
    await writePlainCheckpoint(own, classes, 'resnet_18');
    const calibration = await model.calibrate(paths, { method: 'minmax' });
    const options = { checkpoint: own, precision: 'int8', device: 'reference' } as const;
    await using narrow = await load({ ...options, calibration });
    expect(narrow.precisionReport).toMatchObject({ chosen: 'int8', hint: expect.stringMatching(/not measured/) });
    const cost = await narrow.compareWith(model, paths.slice(0, 2));
    expect(cost).toMatchObject({ images: 2, instructions: '' });
    expect(cost.meanCosine).toBeGreaterThan(0.9);
    expect(cost.maxError).toBeGreaterThan(0);

    await saveCalibration(`${own}.calibration.json`, { ...calibration, costs: { int8: cost } });
    await using again = await load(options);
    expect(again.precisionReport).toEqual({ asked: 'int8', chosen: 'int8', why: 'asked for', measured: cost });
    expect(again.stats().precisionReport).toEqual(again.precisionReport);

    const auto = async (agreement: number, minAgreement?: number) => {
      await saveCalibration(`${own}.calibration.json`, { ...calibration, costs: { int8: { ...cost, agreement } } });
      const limit = minAgreement === undefined ? {} : { minAgreement };
      await using chosen = await load({ ...options, precision: 'auto', ...limit });
      return chosen.precisionReport;
    };
    expect((await auto(0.95)).chosen).toBe('int8');
    expect(await auto(0.05)).toMatchObject({
      chosen: 'float32',
      declined: ['int8'],
      why: expect.stringMatching(/5\.00 %/),
    });
    expect((await auto(0.05, 0.05)).chosen).toBe('int8');
    expect((await auto(0.95, 0.96)).chosen).toBe('float32');
  });

  test.each<[string, unknown, unknown, RegExp]>([
    ['what is no model', {}, ['a.png'], /compareWith: expected another model/],
    ['no images', null, [], /compareWith: expected a list of images/],
    ['one image', null, 'a.png', /compareWith: expected a list of images/],
  ])('is not measured with %s', async (_, other, images, message) => {
    const comparison = model.compareWith((other ?? model) as Model, images as string[]);
    await expect(comparison).rejects.toThrow(ArgumentError);
    await expect(comparison).rejects.toThrow(message);
  });
});

describe('failures', () => {
  test('the earliest bad image ends a call, and the model goes on', async () => {
    const missing = join(folder, 'missing.png');
    await expect(model.classify(missing)).rejects.toThrow(ImageError);
    await expect(model.classify([paths[0] as string, missing, new Uint8Array(3)])).rejects.toMatchObject({
      path: missing,
    });
    await expect(model.classify([paths[0] as string, 5 as unknown as string])).rejects.toThrow(ArgumentError);
    expect(await model.classify(paths[0] as string)).toHaveLength(5);
  });

  test('a stream tells of bad images and goes on with the others', async () => {
    const bad = { ...gradient(4, 4), width: 5 };
    const sources = ['nowhere', ...paths.slice(0, 3), bad, paths[3] as string];
    const failed: unknown[] = [];
    const got: unknown[] = [];
    const onFailure = (source: unknown, error: unknown) => {
      expect(error).toBeInstanceOf(ImageError);
      failed.push(source);
    };
    for await (const { item, result } of model.stream(sources, 'logits', { onFailure })) {
      expect(result).toHaveLength(classes);
      got.push(item);
    }
    expect(failed).toEqual(['nowhere', bad]);
    expect(got).toEqual(paths.slice(0, 4));
  });

  test('aborting rejects with the reason of the signal, before and in the middle', async () => {
    const reason = new Error('enough');
    await expect(model.classify(paths, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const pending = model.classify([...paths, ...paths, ...paths, ...paths], { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 5);
    await expect(pending).rejects.toBe(reason);
    expect(await model.classify(paths[0] as string)).toHaveLength(5);
  });

  test.each([
    [{ topK: 0 }, /topK: expected 1 to 10, received 0/],
    [{ topK: 11 }, /topK/],
    [{ topK: 1.5 }, /topK/],
    [{ topk: 3 }, /classify has no option topk; it has topK, signal, timeoutMs/],
    [{ timeoutMs: -1 }, /classify: timeoutMs: expected an integer from 0/],
    [{ timeoutMs: null }, /classify: timeoutMs/],
    [{ signal: {} }, /classify: signal: expected an AbortSignal/],
    [null, /classify: expected an object of options/],
  ])('classify refuses %j', async (options, message) => {
    const call = model.classify(paths[0] as string, options as unknown as object);
    await expect(call).rejects.toThrow(ArgumentError);
    await expect(call).rejects.toThrow(message);
  });

  test('run refuses an output that there is not, and pixels that are no whole images', async () => {
    await expect(model.run(new Float32Array(32 * 32 * 3), { output: 'classes' as 'logits' })).rejects.toThrow(
      /logits, predictions, features/,
    );
    await expect(model.run(new Float32Array(32 * 32 * 3 + 1))).rejects.toThrow();
  });
});

describe('a VGG model', () => {
  test('has logits, probabilities and features of fc7, for images larger than its own as well', async () => {
    const vgg = await loadModel('vgg_a', {
      untrainedSeed: 1,
      numClasses: classes,
      imageSize: 256,
      precision: 'float32',
    });
    try {
      const [first] = paths as [string];
      expect(await vgg.embed(first)).toHaveLength(4096);
      expect(await vgg.logits(first)).toHaveLength(classes);
      const all = await vgg.classify(first, { topK: classes });
      expect(probabilities(all).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    } finally {
      await vgg[Symbol.asyncDispose]();
    }
  });

  test('takes the number of its classes from fc8 of the checkpoint', async () => {
    const path = join(folder, 'fc8.safetensors');
    const data = () => new Float32Array(3);
    await writeCheckpoint(path, [{ name: 'vgg_16/fc8/biases', dtype: 'float32', shape: [3], data }]);
    await expect(loadModel('vgg_16', { checkpoint: path, labels: names })).rejects.toThrow(/expected 3 labels/);
  });
});

describe('published weights', () => {
  const before = process.env.SLIMNET_WEIGHTS;
  afterAll(() => {
    if (before === undefined) delete process.env.SLIMNET_WEIGHTS;
    else process.env.SLIMNET_WEIGHTS = before;
  });

  test('are loaded with the names of ImageNet, and say so where there are none', async () => {
    const kept = join(folder, 'weights', 'resnet_v1_50_2016_08_28');
    await mkdir(kept, { recursive: true });
    const written = await writePlainCheckpoint(join(kept, 'plain.safetensors'), 1000);
    await rename(written, join(kept, 'resnet_v1_50.ckpt'));
    process.env.SLIMNET_WEIGHTS = join(folder, 'weights');
    await using published = await loadModel('resnet_v1_50', {
      weights: 'imagenet',
      imageSize: 32,
      precision: 'float32',
    });
    const [best] = await published.classify(pictures[0] as (typeof pictures)[0]);
    expect(published.weights?.path).toBe(join(kept, 'resnet_v1_50.ckpt'));
    expect(published.preprocessing).toMatchObject({ name: 'vgg', height: 32, width: 32, resizeSide: 256 });
    expect(published.stats().variables).toBe(267);
    expect(best?.label).toBe((await loadLabels('imagenet', 1000))[best?.index ?? -1]);
    await expect(loadModel('resnet_v1_200', { weights: 'imagenet' })).rejects.toThrow(
      /no weights of resnet_v1_200 were published/,
    );
    await expect(loadModel('auto', { weights: 'imagenet' })).rejects.toThrow(/name it/);
    const weights = { name: 'imagenet', mirror: `file://${folder}/nowhere/` } as const;
    await expect(loadModel('vgg_16', { weights })).rejects.toThrow(/put the archive vgg_16_2016_08_28\.tar\.gz/);
  });
});

describe('loadModel', () => {
  test.each([
    [{}, /expected one of checkpoint, weights and untrainedSeed.*pass \{ weights: 'imagenet' \}/],
    [{ checkpoint: 'a', untrainedSeed: 1 }, /expected one of checkpoint, weights and untrainedSeed/],
    [{ checkpoint: 'a', weights: 'imagenet' }, /expected one of checkpoint, weights and untrainedSeed/],
    [{ weights: 'places' }, /weights: expected imagenet, received the string "places"/],
    [{ weights: { name: 'imagenet', miror: 'x' } }, /fetchWeights has no option miror.*did you mean mirror/],
    [{ checkpoint: '' }, /Expected a checkpoint as a path/],
    [{ untrainedSeed: 0.5 }, /untrainedSeed: expected an integer/],
    [{ checkpoint: 'a', numClasses: 0 }, /numClasses/],
    [{ checkpoint: 'a', batching: { maxBatchSize: 0 } }, /batching: maxBatchSize: expected an integer from 1/],
    [{ checkpoint: 'a', batching: { maxBatchSize: 4.5 } }, /maxBatchSize/],
    [{ checkpoint: 'a', batching: { maxQueueDelayMs: -1 } }, /batching: maxQueueDelayMs: expected an integer from 0/],
    [{ checkpoint: 'a', batching: { queueLimit: 0 } }, /batching: queueLimit: expected an integer from 1/],
    [{ checkpoint: 'a', batching: { timeoutMs: '5' } }, /batching: timeoutMs: expected an integer from 0/],
    [{ checkpoint: 'a', batching: { maxbatchsize: 4 } }, /no option maxbatchsize.*did you mean maxBatchSize/],
    [{ checkpoint: 'a', batching: null }, /batching: expected an object of options, received null/],
    [{ checkpoint: 'a', maxBatch: 4 }, /loadModel has no option maxBatch; .*batching/],
    [{ checkpoint: 'a', imageSize: 0 }, /Image size/],
    [{ untrainedSeed: 1, mode: 'quick' }, /mode: expected latency, throughput or auto, received the string "quick"/],
    [{ checkpoint: 'a', labelz: 'x' }, /no option labelz/],
    [{ checkpoint: 'a', files: 'no' }, /files: expected true or false/],
    [{ checkpoint: 'a', decode: { mode: 'quick' } }, /mode/],
    [{ checkpoint: 'a', decode: { minSide: 3, colour: 1 } }, /no option colour/],
    [null, /expected an object of options/],
  ])('refuses %j', async (options, message) => {
    const attempt = loadModel('resnet_v1_50', options as unknown as LoadModelOptions);
    await expect(attempt).rejects.toThrow(ArgumentError);
    await expect(attempt).rejects.toThrow(message);
  });

  test('without files opens none, whatever is asked', async () => {
    await using served = await load({ files: false });
    const path = paths[0] as string;
    const calls = [
      () => served.classify(path),
      () => served.logits([pictures[0] as (typeof pictures)[0], path]),
      () => served.decode(path),
      () => served.preprocess([path]),
      () => served.calibrate([path]),
      () => served.stream([path], 'logits').next(),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(/opens no files \(files: false\)/);
    expect(await served.classify(pictures[0] as (typeof pictures)[0])).toHaveLength(5);
  });

  test('hands the mode on, and pictures that are classified at the same time get their own answers', async () => {
    await using served = await load({ mode: 'throughput', threads: 2 });
    const answers = await Promise.all(paths.map((path) => served.classify(path)));
    for (const [i, path] of paths.entries()) {
      const alone = await model.classify(path);
      expect((answers[i] as Prediction[]).map(({ index }) => index)).toEqual(alone.map(({ index }) => index));
    }
    const { executors, batching } = served.stats();
    expect(executors).toEqual([{ count: 2, threads: 1, runs: batching.batches }]);
    // Two batches may run at the same time, so the first two pictures wait for none.
    expect(batching.batches).toBeGreaterThan(1);
  });

  test('refuses a network that there is not', async () => {
    await expect(loadModel('resnet_v9' as NetworkName, { checkpoint })).rejects.toThrow(/resnet_v1_50, /);
  });

  test('says what does not fit', async () => {
    await expect(load({ checkpoint: join(folder, 'nowhere.ckpt') })).rejects.toThrow(CheckpointError);
    await expect(loadModel('resnet_v1_101', { checkpoint })).rejects.toThrow(
      /weights of resnet_v1_101, these are of resnet_18.*load the model resnet_18/,
    );
    await expect(load({ labels: names.slice(1) })).rejects.toThrow(/expected 10 labels.*received 9/);
    await expect(load({ numClasses: 7 })).rejects.toThrow(/numClasses: 10/);
    await expect(load({ device: 'cuda' })).rejects.toMatchObject({ code: 'ERR_BACKEND' });
  });

  test('without labels classes go by their numbers', async () => {
    await using plain = await load();
    expect(plain.labels).toBeNull();
    const [best] = await plain.classify(paths[0] as string, { topK: 1 });
    expect(best?.label).toBe(`class ${best?.index}`);
  });

  test('fast decoding changes large JPEGs only, and them a little', async () => {
    const large = gradient(1200, 900);
    const [jpeg, png] = [await encoders.jpeg.encode(large), await encoders.png.encode(large)];
    await using fast = await load({ decode: { mode: 'fast' } });
    await using exact = await load();
    expect(await fast.decode(jpeg)).toMatchObject({ width: 341, height: 256 });
    expect(await fast.decode(png)).toMatchObject({ width: 1200, height: 900 });
    expect(largestDifference(await fast.preprocess([png]), await exact.preprocess([png]))).toBe(0);
    const difference = largestDifference(await fast.preprocess([jpeg]), await exact.preprocess([jpeg]));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(12);
  });

  test('a network of the second form gets inception preprocessing, from a fast decode with room for its crop', async () => {
    const options = { untrainedSeed: 1, imageSize: 70, numClasses: 3 } as const;
    await using v2 = await loadModel('resnet_v2_50', { ...options, decode: { mode: 'fast' } });
    const large = gradient(400, 300);
    const [jpeg, png] = [await encoders.jpeg.encode(large), await encoders.png.encode(large)];
    expect(await v2.decode(jpeg)).toMatchObject({ width: 107, height: 80 });
    const expected = await preprocessImage(large, { preprocessing: 'inception', height: 70, width: 70 });
    expect(largestDifference(await v2.preprocess([png]), expected)).toBe(0);
    expect(largestDifference(await v2.preprocess([jpeg]), expected)).toBeLessThan(0.1);
    expect(await v2.logits(png)).toHaveLength(3);
  });

  test('disposing frees at once, or waits for what has begun', async () => {
    const first = await load();
    const pending = first.classify(paths);
    await first[Symbol.asyncDispose]();
    expect(await pending).toHaveLength(5);
    await expect(first.classify(paths[0] as string)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    const second = await load();
    second.dispose();
    second.dispose();
    await expect(second.classify(paths[0] as string)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
  });
});
