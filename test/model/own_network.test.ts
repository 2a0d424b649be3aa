/** Networks of one's own as models: what `loadModel` adds, against the network run by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ArgumentError,
  CheckpointError,
  decodeImage,
  Graph,
  loadModel,
  nets,
  type OwnNetwork,
  placeholder,
  preprocessImage,
  Session,
  slim,
  type Tensor,
} from '../../lib/index.js';
import { difference } from '../helpers/compare.js';
import { encoders, gradient, paint } from '../helpers/pictures.js';

const side = 33;
const labels = ['ant', 'bee', 'cow'];

/** A small residual network. */
function build(images: Tensor, numClasses: number | null = 3) {
  const blocks = [
    nets.resnetV1Block('block1', { baseDepth: 4, numUnits: 2, stride: 2 }),
    nets.resnetV1Block('block2', { baseDepth: 8, numUnits: 2, stride: 1 }),
  ];
  return slim.argScope(nets.resnetArgScope(), () =>
    nets.resnetV1(images, blocks, { numClasses, isTraining: false, scope: 'mine' }),
  );
}

const own: OwnNetwork = { build: (images) => build(images), imageSize: side, preprocessing: 'vgg', labels };
const options = { precision: 'float32', packedCache: false } as const;

let folder: string;
let checkpoint: string;
let pictures: Buffer[];
/** By hand: logits and features of each picture. */
let expected: { readonly logits: Float32Array; readonly features: Float32Array }[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slimnet-own-'));
  checkpoint = join(folder, 'own.ckpt');
  const board = paint(50, 60, (x, y) => (((x >> 3) + (y >> 3)) % 2 === 0 ? [250, 240, 230] : [5, 15, 25]));
  pictures = await Promise.all([gradient(60, 40), board, gradient(33, 70)].map((each) => encoders.png.encode(each)));
  const graph = new Graph({ seed: 3 });
  const { net, endPoints } = graph.build(() => build(placeholder('float32', [1, side, side, 3], { name: 'images' })));
  await using session = await Session.create(graph);
  await session.initialize();
  await session.save(checkpoint);
  expected = [];
  for (const picture of pictures) {
    const images = await preprocessImage(await decodeImage(picture), {
      preprocessing: 'vgg',
      height: side,
      width: side,
    });
    const last = endPoints['mine/block2'] as Tensor;
    const features = graph.build(() => slim.reduceMean(last, [1, 2]));
    const values = await session.run({ images }, { net, features });
    expected.push({ logits: values.net.data as Float32Array, features: values.features.data as Float32Array });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test('classify, embed and logits are those of the network run by hand, with its labels', async () => {
  await using model = await loadModel(own, { ...options, checkpoint });
  expect(model).toMatchObject({ name: 'network', numClasses: 3, labels, labelOffset: 0 });
  expect(model.preprocessing).toMatchObject({ name: 'vgg', height: side, width: side });
  const [logits, features, answers] = [
    await model.logits(pictures),
    await model.embed(pictures),
    await model.classify(pictures),
  ];
  for (const [i, { logits: byHand, features: pooled }] of expected.entries()) {
    expect(difference(logits[i] as Float32Array, byHand, { relative: 1e-5, absolute: 1e-5 })).toBeNull();
    expect(difference(features[i] as Float32Array, pooled, { relative: 1e-5, absolute: 1e-5 })).toBeNull();
    const order = labels.map((label, k) => ({ label, value: byHand[k] as number })).sort((a, b) => b.value - a.value);
    expect(answers[i]?.map(({ label }) => label)).toEqual(order.map(({ label }) => label));
    const total = order.reduce((sum, { value }) => sum + Math.exp(value - (order[0]?.value as number)), 0);
    expect(answers[i]?.[0]?.probability).toBeCloseTo(1 / total, 5);
  }
});

test('calls share batches, and there are streams, warm-ups and calibrations', async () => {
  await using model = await loadModel(own, {
    ...options,
    checkpoint,
    batching: { maxBatchSize: 4, maxQueueDelayMs: 1000 },
  });
  await model.warmup({ batchSizes: [1, 4], outputs: ['predictions'] });
  const results = await Promise.all(Array.from({ length: 12 }, (_, i) => model.classify(pictures[i % 3] as Buffer)));
  expect(results[4]).toEqual(results[1]);
  const { batches, requests } = model.stats().batching;
  expect(requests).toBe(12);
  expect(batches).toBeLessThan(12);
  let rows = 0;
  for await (const { result } of model.stream(pictures, 'features')) rows += result.length === 32 ? 1 : 0;
  expect(rows).toBe(3);
  const calibration = await model.calibrate(pictures, { method: 'minmax' });
  expect(Object.keys(calibration.ranges).length).toBeGreaterThan(10);
});

test('a builder of nets will do, with the classes that are asked for', async () => {
  const network: OwnNetwork = { build: nets.resnetV1_50, imageSize: 64, preprocessing: 'vgg', name: 'mine' };
  await using model = await loadModel(network, { ...options, untrainedSeed: 1, numClasses: 7 });
  expect(model).toMatchObject({ name: 'mine', numClasses: 7, labels: null });
  expect((await model.embed(pictures[0] as Buffer)).length).toBe(2048);
  await expect(loadModel(network, { ...options, untrainedSeed: 1 })).rejects.toThrow(
    /expected logits of a convolution or a fully connected layer, received the output of relu .* without numClasses/,
  );
});

test.each<[string, (images: Tensor) => ReturnType<OwnNetwork['build']>, number]>([
  ['fully connected layers', (x) => slim.fullyConnected(slim.flatten(x), 3, { activationFn: null }), side * side * 3],
  [
    'a convolution that is pooled',
    (x) => slim.reduceMean(slim.conv2d(slim.conv2d(x, 8, 3), 3, 1, { activationFn: null }), [1, 2]),
    8,
  ],
  [
    'features that are named',
    (x) => {
      const net = slim.reduceMean(slim.conv2d(x, 3, 1, { activationFn: null }), [1, 2]);
      return { net, features: slim.reduceMean(slim.conv2d(x, 5, 3), [1, 2]), predictions: net };
    },
    5,
  ],
])('features of %s', async (_, body, depth) => {
  await using model = await loadModel({ ...own, build: body }, { ...options, untrainedSeed: 1 });
  expect(await model.embed(pictures[0] as Buffer)).toHaveLength(depth);
  expect(await model.logits(pictures[0] as Buffer)).toHaveLength(3);
});

test('labels of loadModel count before those of the network, and come from files too', async () => {
  const names = join(folder, 'names.txt');
  writeFileSync(names, 'x\ny\nz\n');
  await using model = await loadModel({ ...own, labels: names }, { ...options, checkpoint });
  expect(model.labels).toEqual(['x', 'y', 'z']);
  await using other = await loadModel(own, { ...options, checkpoint, labels: ['p', 'q', 'r'] });
  expect(other.labels).toEqual(['p', 'q', 'r']);
});

test.each<[Partial<Record<keyof OwnNetwork | 'bild', unknown>>, RegExp]>([
  [{ build: undefined }, /build: expected a function, received undefined/],
  [{ bild: 1 }, /has no option bild; .* did you mean build\?/],
  [{ imageSize: undefined }, /imageSize: expected an integer from 1/],
  [{ preprocessing: 'mine' }, /a network of your own: preprocessing: expected vgg, .* received the string "mine"/],
  [{ labels: ['a', 'b'] }, /expected logits of 2 classes, build gave \[\?,1,1,3\]/],
  [{ numClasses: 4 }, /expected logits of 4 classes, build gave/],
  [{ labelOffset: 2 }, /labelOffset: expected an integer from 0 to 1/],
  [{ name: '' }, /name: expected a name/],
  [
    { build: () => 3 },
    /build: expected a tensor of logits, received 3\. Hint: return the logits, or \{ net: logits \}/,
  ],
  [{ build: async (x: Tensor) => x }, /returned a promise/],
  [
    { build: (x: Tensor) => slim.conv2d(x, 3, 3) },
    /expected logits of float32 \[images, classes\], received float32\[\?,33,33,3\]/,
  ],
  [{ build: (x: Tensor) => ({ net: build(x).net, features: 'pool5' }) }, /expected tensors that it has built/],
])('a network with %j is refused', async (wrong, message) => {
  const attempt = loadModel({ ...own, ...wrong } as OwnNetwork, { ...options, checkpoint });
  await expect(attempt).rejects.toThrow(message);
  await expect(attempt).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(ARGUMENT|SCOPE)$/) });
});

test('weights that do not fit are told by name, and layouts of libraries are refused', async () => {
  const wide = { ...own, build: (x: Tensor) => build(x, 5), labels: undefined } as unknown as OwnNetwork;
  const attempt = loadModel(wide, { ...options, checkpoint });
  await expect(attempt).rejects.toThrow(CheckpointError);
  await expect(attempt).rejects.toThrow(
    /mine\/logits\/weights: the variable is \[1, 1, 32, 5\], the checkpoint has \[1, 1, 32, 3\]/,
  );
  await expect(loadModel(own, { ...options, checkpoint, layout: 'pytorch' })).rejects.toThrow(ArgumentError);
});
