/** Checkpoints of whole networks: TensorFlow's into slimnet, slimnet's back, byte for byte and logit for logit. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Session } from '../../lib/runtime/index.js';
import { GraphKeys } from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { golden, goldenFolder } from '../helpers/golden.js';
import {
  generatedImages,
  generatedWeights,
  largestDifference,
  type NetworkFixture,
} from '../helpers/network_fixtures.js';
import { build, images, smallResnet, withResnetArgScope } from '../parity/support.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slimnet-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The small network of the fixtures, and a way to its logits. */
async function withSmallNetwork<T>(
  size: number,
  body: (session: Session, logits: () => Promise<Float32Array>) => Promise<T>,
): Promise<T> {
  const { graph, value } = build(() =>
    withResnetArgScope(() => smallResnet(images([2, size, size, 3]), { numClasses: 5, isTraining: false })),
  );
  const session = await Session.create(graph);
  const feeds = { images: generatedImages([2, size, size, 3]) };
  try {
    return await body(session, async () => (await session.run(feeds, { net: value.net })).net.data as Float32Array);
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

describe("TensorFlow's checkpoints", () => {
  test.each([
    ['small_resnet_v1_v1', 32],
    ['small_resnet_v1_v2', 32],
    ['small_resnet_v1_v1', 33],
    ['small_resnet_v1_v2', 33],
  ] as const)('%s gives the logits that TensorFlow computed at %i pixels', async (name, size) => {
    const { output, outputRange } = golden<NetworkFixture>(`nets/small_v1_pooled_${size}x${size}.json`);
    await withSmallNetwork(size, async (session, logits) => {
      await session.restore(join(goldenFolder, 'checkpoints', name, 'resnet.ckpt'));
      expect(largestDifference(await logits(), output.data as number[]) / outputRange).toBeLessThan(1e-5);
    });
  });
});

test.each([
  ['tensorflow_v2', 'model.ckpt'],
  ['tensorflow_v1', 'model.ckpt'],
  ['safetensors', 'model.safetensors'],
] as const)('what is saved as %s and restored gives the same logits, bit for bit', async (format, file) => {
  const path = join(folder, file);
  const before = await withSmallNetwork(32, async (session, logits) => {
    await session.initialize();
    await session.save(path, { format });
    return logits();
  });
  const after = await withSmallNetwork(32, async (session, logits) => {
    await session.restore(path);
    return logits();
  });
  expect(Array.from(after)).toEqual(Array.from(before));
  expect(new Set(before).size).toBeGreaterThan(1);
});

describe('resnet_v1_50 with 1000 classes', () => {
  interface Hashes {
    readonly V1: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
    readonly V2: Hashes['V1'];
  }
  const hashes = golden<{ resnet_v1_50: Hashes }>('checkpoints/hashes.json').resnet_v1_50;

  async function sha256(path: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest('hex');
  }

  function network() {
    return build(() =>
      withResnetArgScope(() => nets.resnetV1_50(images([null, 224, 224, 3]), { numClasses: 1000, isTraining: false })),
    ).graph;
  }

  test("is written byte for byte as TensorFlow's Saver writes it, as V1 and as V2", async () => {
    const graph = network();
    expect(graph.getCollection(GraphKeys.globalVariables)).toHaveLength(267);
    const session = await Session.create(graph, { device: 'null' });
    try {
      for (const { name, data } of generatedWeights(graph)) session.write(name, data);
      for (const [version, format] of [
        ['V1', 'tensorflow_v1'],
        ['V2', 'tensorflow_v2'],
      ] as const) {
        await session.save(join(folder, version, 'model.ckpt'), { format });
        for (const { name, bytes, sha256: wanted } of hashes[version]) {
          const path = join(folder, version, name);
          expect({ name, bytes: (await stat(path)).size, sha256: await sha256(path) }).toEqual({
            name,
            bytes,
            sha256: wanted,
          });
        }
      }
    } finally {
      await session[Symbol.asyncDispose]();
    }
  });
});
