/**
 * Networks in ONNX files of PyTorch's exporter, of Keras', of tf2onnx, and of our own: logits as onnxruntime computes them
 * (scripts/golden/make_onnx.py, make_onnx_keras.py, make_onnx_slim.py).
 */
import { closeSync, copyFileSync, ftruncateSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckpointReader, openCheckpoint } from '../../lib/checkpoint/index.js';
import { convertNumbers } from '../../lib/core/convert_numbers.js';
import type { Tensor } from '../../lib/core/graph.js';
import { type LoadModelOptions, loadModel, type OwnNetwork } from '../../lib/model/index.js';
import { namedWeights } from '../../lib/model/weights/onnx/named_weights.js';
import { storedPreprocessing } from '../../lib/model/weights/weight_preprocessing.js';
import * as slim from '../../lib/slim/index.js';
import { conv2dSame, type NetworkName, network } from '../../lib/slim/nets/index.js';
import { slimnet } from '../helpers/cli.js';
import { golden, goldenFolder } from '../helpers/golden.js';
import { drawn, generatedImages, largestDifference } from '../helpers/network_fixtures.js';

interface Case {
  readonly id: string;
  readonly inputShape: readonly number[];
  readonly output?: { readonly data: readonly number[] };
  /** In the order of the generator's streams. */
  readonly weights?: readonly (readonly [name: string, shape: readonly number[], offset: number, scale: number])[];
}
const networks = ['networks', 'keras_networks', 'slim_networks'].flatMap(
  (name) => golden<{ networks: readonly Case[] }>(`onnx_import/${name}.json`).networks,
);
const caseOf = (id: string) => networks.find((one) => one.id === id) as Case;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The file of a case, with its weights beside it. */
async function fileOf(id: string): Promise<string> {
  const { weights = [] } = caseOf(id);
  const path = join(folder, `${id}.onnx`);
  copyFileSync(join(goldenFolder, 'onnx_import', `${id}.onnx`), path);
  const values = weights.map(([, shape, offset, scale], stream) => {
    const floats = drawn(
      shape.reduce((count, size) => count * size, 1),
      stream,
      offset,
      scale,
    );
    if (!id.endsWith('float16')) return Buffer.from(floats.buffer);
    const halves = new Uint16Array(floats.length);
    convertNumbers('float32', floats, 'float16', halves);
    return Buffer.from(halves.buffer);
  });
  await writeFile(join(folder, 'weights.bin'), Buffer.concat(values));
  return path;
}

const conv = slim.conv2d;
const bare = { activationFn: null, normalizerFn: null } as const;

const smallVgg: OwnNetwork = {
  name: 'small_vgg',
  imageSize: 14,
  preprocessing: 'torchvision',
  build: (images, { numClasses }) => {
    let net = slim.maxPool2d(conv(images, 8, 3, { scope: 'conv1' }), 2, { scope: 'pool1' });
    net = slim.maxPool2d(conv(net, 12, 3, { scope: 'conv2' }), 2, { scope: 'pool2', padding: 'SAME' });
    net = slim.fullyConnected(slim.flatten(net), 16, { scope: 'fc1' });
    return slim.fullyConnected(net, numClasses ?? 5, { ...bare, scope: 'fc2' });
  },
};

const norm = { epsilon: 1e-5, scale: true, isTraining: false } as const;

function unit(x: Tensor, depth: number, stride: number, scope: string): Tensor {
  return slim.variableScope(scope, () => {
    const net = slim.batchNorm(x, { ...norm, activationFn: slim.relu, scope: 'preact' });
    const shortcut = conv(net, depth, 1, { ...bare, stride, scope: 'shortcut' });
    const inner = conv(net, 4, 1, { normalizerFn: slim.batchNorm, normalizerParams: norm, scope: 'conv1' });
    return slim.argScope([conv], bare, () =>
      slim.add(shortcut, conv2dSame(inner, depth, 3, stride, { scope: 'conv2' })),
    );
  });
}
const smallV2: OwnNetwork = {
  name: 'small_v2',
  imageSize: 33,
  preprocessing: 'inception',
  build: (images, { numClasses }) => {
    let net = slim.argScope([conv], bare, () => conv2dSame(images, 8, 7, 2, { scope: 'conv1' }));
    net = slim.maxPool2d(net, 3, { stride: 2, padding: 'SAME', scope: 'pool1' });
    net = unit(unit(net, 8, 1, 'unit_1'), 12, 2, 'unit_2');
    net = slim.batchNorm(net, { ...norm, activationFn: slim.relu, scope: 'postnorm' });
    net = slim.reduceMean(net, [1, 2], { keepDims: true });
    return conv(net, numClasses ?? 6, 1, { ...bare, scope: 'logits' });
  },
};

const plain = { precision: 'float32', packedCache: false } as const;
const load = (name: NetworkName | 'auto' | OwnNetwork, checkpoint: string, more: Partial<LoadModelOptions> = {}) =>
  loadModel(name, { checkpoint, ...plain, ...more } as LoadModelOptions);

const endsInSoftmax = new Set(['small_vgg', 'small_vgg_float16', 'keras_resnet50', 'keras_small_vgg']);

test.each<[id: string, network: NetworkName | OwnNetwork, tolerance: number]>([
  ['torchvision_resnet18', 'resnet_18', 1e-4],
  ['torchvision_resnet18_norms', 'resnet_18', 1e-4],
  ['timm_resnet50', 'resnet_50', 1e-4],
  ['small_vgg', smallVgg, 1e-4],
  ['small_vgg_float16', smallVgg, 1e-2],
  ['small_v2', smallV2, 1e-4],
  ['small_v2_exported', smallV2, 1e-4],
  ['keras_resnet50', 'keras_resnet_50', 1e-4],
  ['keras_resnet50_converted', 'keras_resnet_50', 1e-4],
  ['keras_small_vgg', smallVgg, 1e-4],
  ['slim_resnet_v1_50', 'resnet_v1_50', 1e-4],
  ['slim_resnet_v2_50', 'resnet_v2_50', 1e-4],
])('%s gives the logits of onnxruntime', async (id, name, tolerance) => {
  const { inputShape, output } = caseOf(id);
  const isOwn = typeof name === 'object';
  await using model = await load(
    isOwn ? name : 'auto',
    await fileOf(id),
    isOwn ? {} : { imageSize: inputShape[1] as number },
  );
  expect(model.name).toBe(isOwn ? name.name : name);
  expect(model.weights).toMatchObject({
    format: 'onnx',
    remarks: expect.arrayContaining([`The graph of the ONNX file is that of ${model.name}.`]),
  });
  const expected = output?.data as readonly number[];
  const given = await model.run(generatedImages(inputShape), endsInSoftmax.has(id) ? { output: 'predictions' } : {});
  const range = Math.max(...expected) - Math.min(...expected);
  expect(largestDifference(given, expected) / range).toBeLessThanOrEqual(tolerance);
});

/** The file of a graph without values, its weights being zeros that take no room. */
function withoutValues(id: string, bytes: number): string {
  const path = join(folder, `${id}.onnx`);
  copyFileSync(join(goldenFolder, 'onnx_import', `${id}.onnx`), path);
  const file = openSync(join(folder, 'weights.bin'), 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
  return path;
}

test('a file is refused for another network, with the first layer that differs and the network that it is', async () => {
  const file = withoutValues('timm_resnet50', 2 ** 28);
  await expect(load('resnet_v1_50', file)).rejects.toThrow(
    /is not that of resnet_v1_50, which has a pooling by maximum of 3x3.* 0x0 pixels.*\(resnet_v1_50\/pool1.*the file has a pooling.* 1x1 pixels padded.*resnet_50/s,
  );
  await expect(load('resnet_101', file)).rejects.toThrow(/not that of resnet_101, which has .*block3.*resnet_50/s);
  await expect(load('keras_resnet_50', file)).rejects.toThrow(/block2\/unit_1.*resnet_50/s);
});

test('what is no network here is refused with the nearest one, and where they part', async () => {
  await expect(load('auto', withoutValues('torchvision_resnext50', 2 ** 28))).rejects.toThrow(
    /no network here; the nearest, resnet_50, has a 1x1 convolution of 64 to 64 .*block1\/unit_1.* where the file has a 1x1 convolution of 64 to 128 channels/,
  );
});

test('VGG is found, its fully connected layers become convolutions, and its images are prepared as its producer does', async () => {
  const path = withoutValues('torchvision_vgg11', 2 ** 30);
  await using reader = await openCheckpoint(path);
  const named = namedWeights(reader, null);
  expect(named.tensors.get('vgg_a/fc6/weights')?.shape).toEqual([7, 7, 512, 4096]);
  expect(named.tensors.get('vgg_a/fc8/weights')?.shape).toEqual([1, 1, 4096, 1000]);
  expect(named.tensors).toHaveProperty('size', 22);
  const entry = network('vgg_a');
  expect(await storedPreprocessing(entry, named)).toEqual({ name: 'torchvision' });
  const other = { ...named, graph: { ...named.graph, producer: 'tf2onnx' } } as CheckpointReader;
  await expect(storedPreprocessing(entry, other)).rejects.toThrow(/how the images of this vgg_a are to be prepared/);
});

test('what slimnet has written comes back: the same logits and preprocessing, and as a checkpoint of its own', async () => {
  const file = await fileOf('torchvision_resnet18');
  const [onnx, weights] = [join(folder, 'back.onnx'), join(folder, 'back.safetensors')];
  const from = ['convert', file, onnx, '--model', 'resnet_18', '--size', '64', '--preprocessing', 'torchvision_v2'];
  expect(await slimnet(from)).toMatchObject({ status: 0 });
  expect(await slimnet(['convert', onnx, weights])).toMatchObject({ status: 0 });
  const pixels = generatedImages([1, 64, 64, 3]);
  await using first = await load('resnet_18', file, { imageSize: 64 });
  await using second = await load('auto', onnx);
  await using third = await load('auto', weights);
  expect([second.preprocessing.name, second.preprocessing.height]).toEqual(['torchvision_v2', 64]);
  expect(third.preprocessing).toEqual(second.preprocessing);
  const logits = await first.run(pixels);
  expect(await second.run(pixels)).toEqual(logits);
  expect(await third.run(pixels)).toEqual(logits);
});
