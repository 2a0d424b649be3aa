import { elementCount } from '../../../lib/core/shape.js';
import { buildNetwork } from '../../../lib/model/network_graph.js';
import { network, networkNames } from '../../../lib/slim/nets/registry.js';

const at = (size: number) => ({ name: 'vgg', height: size, width: size, resizeSide: size }) as const;

const elements = (shape: readonly (number | null)[]) => elementCount(shape.slice(1) as number[]);

test.each(networkNames)('%s offers logits, probabilities and pooled features of each image', (name) => {
  const entry = network(name);
  for (const size of [entry.imageSize, entry.imageSize + 32]) {
    const { graph, outputs } = buildNetwork(entry, 7, at(size), 0);
    expect(Object.values(outputs).map(({ shape }) => shape[0])).toEqual([null, null, null]);
    expect(elements(outputs.logits.shape)).toBe(7);
    expect(outputs.predictions.shape).toEqual(outputs.logits.shape);
    expect(elements(outputs.features.shape)).toBe(name.startsWith('vgg') ? 4096 : 2048);
    expect(graph.variables.get(`${name}/${entry.logitsBiases}`)?.shape).toEqual([7]);
  }
});
