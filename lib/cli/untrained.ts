import { Graph, type Tensor } from '../core/graph.js';
import { decodeImage } from '../data/decoding.js';
import { preprocessingFor } from '../data/preprocessing.js';
import { loadAddon } from '../native/binding.js';
import { Session } from '../runtime/session/session.js';
import { argScope } from '../slim/arg_scope.js';
import { GraphKeys } from '../slim/collections.js';
import { type NetworkName, network } from '../slim/nets/registry.js';
import { resnetArgScope } from '../slim/nets/resnet_utils.js';
import { placeholder } from '../slim/placeholder.js';

/**
 * Writes a TensorFlow checkpoint of a residual network with drawn weights, as if it had seen one batch: its batch normalizations have the
 * statistics of these pictures. With the initial ones the values of an untrained residual network grow from block to block,
 * until one class has the probability 1 whatever the picture.
 * @param path prefix of the checkpoint
 */
export async function writeUntrained(
  name: Extract<NetworkName, `resnet_${string}`>,
  seed: number,
  pictures: readonly string[],
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const entry = network(name);
  const preprocessing = preprocessingFor(entry.preprocessing, entry.imageSize);
  const { height, width } = preprocessing;
  const graph = new Graph({ seed });
  const net = graph.build(() => {
    const images = placeholder('float32', [pictures.length, height, width, 3], { name: 'images' });
    const scope = resnetArgScope({ batchNormDecay: 0 });
    return argScope(scope, () => entry.build(images, { numClasses: entry.numClasses, isTraining: true })).net;
  });
  const session = await Session.create(graph);
  try {
    await session.initialize();
    const pixels = await loadAddon().preprocess(
      preprocessing,
      await Promise.all(pictures.map((picture) => decodeImage(picture, { signal }))),
    );
    await session.run(
      { images: pixels },
      { net },
      { updates: graph.getCollection<Tensor>(GraphKeys.updateOps), signal },
    );
    await session.save(path, { signal });
  } finally {
    await session[Symbol.asyncDispose]();
  }
}
