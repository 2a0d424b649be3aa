import { elementCount } from '../../../lib/core/shape.js';
import { preprocessingFor } from '../../../lib/data/preprocessing.js';
import { buildNetwork, outputOf } from '../../../lib/model/network_graph.js';
import { network, networkNames } from '../../../lib/slim/nets/registry.js';

const elements = (shape: readonly (number | null)[]) => elementCount(shape.slice(1) as number[]);

/** Values of the features of one image. */
function featuresOf(name: string): number {
  if (name.startsWith('vgg')) return 4096;
  return /_(18|34)$/.test(name) ? 512 : 2048;
}

test.each(networkNames)('%s offers logits, probabilities and pooled features of each image', (name) => {
  const entry = network(name);
  for (const size of [entry.imageSize, entry.imageSize + 32]) {
    const { graph, outputs } = buildNetwork(entry, 7, preprocessingFor(entry.preprocessing, size), 0);
    expect(Object.values(outputs).map(({ shape }) => shape[0])).toEqual([null, null, null]);
    const logits = outputOf(outputs, 'logits');
    expect(elements(logits.shape)).toBe(7);
    expect(outputs.predictions?.shape).toEqual(logits.shape);
    expect(elements(outputs.features.shape)).toBe(featuresOf(name));
    expect(graph.variables.get(`${name}/${entry.logitsBiases}`)?.shape).toEqual([7]);
  }
});

test.each(['resnet_v1_50', 'resnet_v2_50', 'vgg_16', 'resnet_18'] as const)(
  '%s of no classes has features alone',
  (name) => {
    const entry = network(name);
    const { graph, outputs } = buildNetwork(entry, 0, preprocessingFor(entry.preprocessing, entry.imageSize), 0);
    expect(Object.keys(outputs)).toEqual(['features']);
    expect(elements(outputs.features.shape)).toBe(featuresOf(name));
    expect(graph.variables.has(`${name}/${entry.logitsBiases}`)).toBe(false);
    expect(() => outputOf(outputs, 'predictions', 'trunk.ckpt')).toThrow(/trunk\.ckpt.*no logits.*features/s);
  },
);
