/** Weights of PyTorch and Keras through the name maps: logits and block outputs as these libraries compute them. */

import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError } from '../../lib/errors.js';
import { kerasNames, loadModel, pytorchNames } from '../../lib/model/index.js';
import { Session } from '../../lib/runtime/index.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { type ForeignNetwork, foreignTensors, writeForeignCheckpoint } from '../helpers/foreign_weights.js';
import { golden, goldenFolder } from '../helpers/golden.js';
import { generatedImages, largestDifference, type Statistics, statisticsErrors } from '../helpers/network_fixtures.js';
import { encoders, gradient } from '../helpers/pictures.js';
import { build, images } from '../parity/support.js';

/** What scripts/golden/foreign.py writes. */
interface Fixture {
  readonly id: string;
  readonly library: 'torchvision' | 'timm' | 'transformers' | 'keras';
  readonly network: string;
  readonly inputShape: readonly number[];
  readonly numClasses: number;
  readonly output: { readonly shape: readonly number[]; readonly data: readonly number[] };
  readonly outputRange: number;
  readonly endPoints: readonly Statistics[];
}

/** Largest errors relative to the range of the values. */
const tolerances = { cpu: 1e-4, reference: 1e-5 } as const;

const fixtures = readdirSync(join(goldenFolder, 'foreign', 'nets')).map((file) =>
  golden<Fixture>(join('foreign', 'nets', file)),
);
const forReference = fixtures.filter(({ id }) => /^(torchvision|keras)_resnet(18|50)_64x/.test(id));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-foreign-'));
});
afterAll(() => rm(folder, { recursive: true }));

function nameOf({ library, network }: Fixture): ForeignNetwork {
  return `${library === 'keras' ? 'keras_' : ''}${network.replace('resnet', 'resnet_')}` as ForeignNetwork;
}

/** The checkpoint of a fixture, written when it is first asked for. */
async function checkpointOf(f: Fixture): Promise<string> {
  const vocabulary = f.library === 'transformers' ? 'transformers' : 'usual';
  const file = `${vocabulary}_${nameOf(f)}_${f.numClasses}.safetensors`;
  if (!(await readdir(folder)).includes(file))
    await writeForeignCheckpoint(join(folder, file), foreignTensors(nameOf(f), f.numClasses, vocabulary));
  return join(folder, file);
}

async function check(f: Fixture, device: keyof typeof tolerances): Promise<void> {
  const entry = nets.network(nameOf(f));
  const { graph, value } = build(() =>
    slim.argScope(entry.argScope(), () =>
      entry.build(images(f.inputShape), { numClasses: f.numClasses, isTraining: false }),
    ),
  );
  const session = await Session.create(graph, { device });
  try {
    await session.restore(await checkpointOf(f), { nameMap: f.library === 'keras' ? kerasNames : pytorchNames });
    const points = f.endPoints.map(({ name }) => [name, value.endPoints[`${entry.name}/${name}`]]);
    const feeds = { images: generatedImages(f.inputShape) };
    const { net } = await session.run(feeds, { net: value.net });
    const logits = net.data as Float32Array;
    expect(logits).toHaveLength(f.output.data.length);
    expect(largestDifference(logits, f.output.data) / f.outputRange).toBeLessThanOrEqual(tolerances[device]);
    const blocks = await session.run(feeds, Object.fromEntries(points));
    for (const expected of f.endPoints) {
      const { shape, data } = blocks[expected.name] as { shape: readonly number[]; data: Float32Array };
      expect({ name: expected.name, shape }).toEqual({ name: expected.name, shape: expected.shape });
      const errors = Object.entries(statisticsErrors(data, expected));
      expect({ name: expected.name, wrong: errors.filter(([, error]) => !(error <= 2 * tolerances[device])) }).toEqual({
        name: expected.name,
        wrong: [],
      });
    }
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

test('there is a fixture for each kind of network', () => {
  expect(fixtures).toHaveLength(14);
  expect(new Set(fixtures.map(nameOf)).size).toBe(8);
  expect(forReference).toHaveLength(3);
});

test.each(fixtures.map((f) => [f.id, f] as const))(
  '%s on oneDNN: logits and blocks as the library computes them',
  (_, f) => check(f, 'cpu'),
);

test.each(forReference.map((f) => [f.id, f] as const))(
  '%s on the reference backend (which leaves out the large ones): logits and blocks as the library computes them',
  (_, f) => check(f, 'reference'),
);

describe('loadModel', () => {
  const fixture = (id: string) => fixtures.find((f) => f.id === id) as Fixture;
  const wide = fixture('torchvision_resnet18_64x64_batch2');

  test('recognises the layout, and gives the logits of the library for its pixels', async () => {
    await using model = await loadModel('resnet_18', {
      checkpoint: await checkpointOf(wide),
      imageSize: 64,
      precision: 'float32',
    });
    expect(model.numClasses).toBe(10);
    expect(model.preprocessing.name).toBe('torchvision');
    const logits = await model.run(generatedImages(wide.inputShape));
    expect(largestDifference(logits, wide.output.data) / wide.outputRange).toBeLessThanOrEqual(tolerances.cpu);
    const picture = await encoders.png.encode(gradient(90, 70));
    expect(await model.classify(picture, { topK: 3 })).toHaveLength(3);
    expect(await model.embed(picture)).toHaveLength(512);
  });

  test('takes pixels as Keras prepares them', async () => {
    const checkpoint = await checkpointOf(fixture('keras_resnet50_64x96_batch2'));
    await using model = await loadModel('keras_resnet_50', {
      checkpoint,
      imageSize: 64,
      layout: 'keras',
      precision: 'float32',
    });
    expect(model.preprocessing.name).toBe('caffe');
    expect(await model.classify(await encoders.png.encode(gradient(90, 70)))).toHaveLength(5);
  });

  test('refuses the weights of another depth or form, and says which', async () => {
    const load = async (name: nets.NetworkName, f: Fixture) => loadModel(name, { checkpoint: await checkpointOf(f) });
    const [r34, r50] = [fixture('timm_resnet34_64x64'), fixture('timm_resnet50_65x64')];
    await expect(load('resnet_34', wide)).rejects.toThrow(/Missing in the checkpoint.*layer1\.2\.conv1\.weight/s);
    await expect(load('resnet_18', r34)).rejects.toThrow(/no use for layer1\.2\.bn1\.bias.*another depth/s);
    await expect(load('resnet_v1_50', r50)).rejects.toThrow(/named as pytorch does.*resnet_50/s);
    await expect(load('keras_resnet_50', r50)).rejects.toThrow(CheckpointError);
    const checkpoint = await checkpointOf(r50);
    await expect(loadModel('resnet_50', { checkpoint, layout: 'slim' })).rejects.toThrow(/Missing in the checkpoint/);
    await expect(loadModel('resnet_50', { checkpoint, layout: 'caffe' as never })).rejects.toThrow(/pytorch, keras/);
  });

  test('loads what a session saved under the names of slimnet', async () => {
    const path = join(folder, 'own.safetensors');
    await using model = await loadModel('resnet_18', {
      checkpoint: await checkpointOf(wide),
      imageSize: 64,
      precision: 'float32',
    });
    await model.session.save(path);
    await using again = await loadModel('resnet_18', { checkpoint: path, imageSize: 64, precision: 'float32' });
    const pixels = generatedImages(wide.inputShape);
    expect(await again.run(pixels)).toEqual(await model.run(pixels));
  });
});
