/** Grad-CAM and occlusion as PyTorch computes them by the formulas of the papers (scripts/golden/make_explanations.py). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { preprocessingFor } from '../../lib/data/index.js';
import { ArgumentError } from '../../lib/errors.js';
import { layerOf } from '../../lib/explain/grad_cam.js';
import { type ExplainOptions, type Explanation, explain } from '../../lib/explain/index.js';
import { loadModel, type Model } from '../../lib/model/index.js';
import { buildNetwork } from '../../lib/model/network_graph.js';
import { network } from '../../lib/slim/nets/index.js';
import { foreignTensors, writeForeignCheckpoint } from '../helpers/foreign_weights.js';
import { golden } from '../helpers/golden.js';
import { generatedImages } from '../helpers/network_fixtures.js';
import { encoders, gradient } from '../helpers/pictures.js';

interface Values {
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
}

const { side, gradCam, occlusion } = golden<{
  side: number;
  gradCam: { network: 'resnet18' | 'resnet50'; layer: string; class: number; map: Values }[];
  occlusion: { class: number; patch: number; stride: number; map: Values };
}>('explanations.json');

const image = { preprocessed: generatedImages([1, side, side, 3]) };
const models = new Map<string, Model>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-explain-'));
  for (const [file, name] of [
    ['resnet18', 'resnet_18'],
    ['resnet50', 'resnet_50'],
  ] as const) {
    const checkpoint = join(folder, `${file}.safetensors`);
    await writeForeignCheckpoint(checkpoint, foreignTensors(name, 10));
    models.set(file, await loadModel(name, { checkpoint, imageSize: side, precision: 'float32' }));
  }
});
afterAll(async () => {
  for (const model of models.values()) await model[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const named = (network: string) => models.get(network) as Model;

/** Largest difference, relative to the largest value. */
function difference({ map, height, width }: Explanation, expected: Values): number {
  expect([height, width]).toEqual(expected.shape);
  const most = Math.max(...expected.data);
  return Math.max(...expected.data.map((value, i) => Math.abs(value - (map[i] as number)))) / most;
}

test.each(gradCam.map((each) => [each.network, each.layer, each] as const))(
  'Grad-CAM of %s, %s is what PyTorch makes of its gradients',
  async (network, layer, expected) => {
    const model = named(network);
    const options: ExplainOptions = { classIndex: expected.class, method: 'grad_cam' };
    const scope = `${model.name}/${layer.replace('layer', 'block')}`;
    const found = await explain(model, image, { ...options, layer: scope });
    expect(found.method).toBe('grad_cam');
    expect(found.target.index).toBe(expected.class);
    expect(difference(found, expected.map)).toBeLessThan(2e-4);
  },
);

test('without a layer Grad-CAM takes the last block, and without a class the most probable one', async () => {
  const model = named('resnet18');
  const [best] = await model.classify(image, { topK: 1 });
  const found = await explain(model, image);
  expect(found.target).toEqual(best);
  const named4 = await explain(model, image, { layer: 'resnet_18/block4' });
  expect(found.layer).toBe(named4.layer);
  expect(found.map).toEqual(named4.map);
});

test('occlusion is what PyTorch makes of covered images', async () => {
  const { patch, stride, class: classIndex, map } = occlusion;
  const found = await explain(named('resnet18'), image, { method: 'occlusion', classIndex, patch, stride });
  expect(found.method).toBe('occlusion');
  expect(difference(found, map)).toBeLessThan(2e-3);
});

test('the model answers as before once it was explained', async () => {
  const model = named('resnet18');
  const before = await model.logits(image);
  await explain(model, image, { classIndex: 3 });
  expect(await model.logits(image)).toEqual(before);
});

test.each([
  [{ layer: 'resnet_18/block9' }, /no node and no scope resnet_18\/block9.*resnet_18\/block1/s],
  [{ layer: 'resnet_18/logits' }, /height and width/],
  [{ classIndex: 10 }, /classIndex/],
  [{ patch: 97 }, /patch/],
  [{ method: 'lime' as 'auto' }, /method/],
])('%j is refused', async (options, message) => {
  await expect(explain(named('resnet18'), image, options)).rejects.toThrow(ArgumentError);
  await expect(explain(named('resnet18'), image, options)).rejects.toThrow(message);
});

test.each([
  ['vgg_16', 'vgg_16/conv5/conv5_3/Relu'],
  ['resnet_v2_50', 'resnet_v2_50/postnorm/Relu'],
  ['keras_resnet_50', 'keras_resnet_50/block4/unit_3/bottleneck_v1/Relu'],
] as const)('the last block of %s ends with %s', (name, layer) => {
  const entry = network(name);
  const { graph, outputs } = buildNetwork(entry, 5, preprocessingFor(entry.preprocessing, entry.imageSize), 0);
  const built = { name, tensors: outputs, session: { graph } } as unknown as Model;
  expect(layerOf(built, undefined).node.name).toBe(layer);
});

test('a model in int8 is explained by occlusion, and Grad-CAM of it refused with the two ways out', async () => {
  const float = named('resnet18');
  const calibration = await float.calibrate([await encoders.png.encode(gradient(90, 70))], { method: 'minmax' });
  const checkpoint = join(folder, 'resnet18.safetensors');
  await using model = await loadModel('resnet_18', { checkpoint, imageSize: side, precision: 'int8', calibration });
  const found = await explain(model, image, { patch: side >> 1 });
  expect(found.method).toBe('occlusion');
  expect(found.map.some((value) => value !== 0)).toBe(true);
  const refused = explain(model, image, { method: 'grad_cam' });
  await expect(refused).rejects.toThrow(ArgumentError);
  await expect(refused).rejects.toThrow(/needs gradients, and the model is in int8.*occlusion/s);
});
