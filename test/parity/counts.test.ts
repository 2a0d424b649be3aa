/** Variables, losses, updates and multiply-accumulates of the published networks, against TensorFlow's. */
import { macs } from '../../lib/core/cost.js';
import type { Graph, Tensor } from '../../lib/core/graph.js';
import { elementCount } from '../../lib/core/shape.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { build, golden, images, slimNetworks, withResnetArgScope } from './support.js';

interface Fixture {
  readonly endPoints: readonly string[];
  readonly variables: readonly (readonly [string, readonly number[], boolean])[];
  readonly updateOps: number;
  readonly regularizationLosses: number;
}

/** name, classes, trainable values, all values, trainable variables, variables, updates, losses, MACs at 224. */
const counts = [
  ['resnet_v1_50', 1000, 25557032, 25610152, 161, 267, 106, 54, 3482255360],
  ['resnet_v1_50', 1001, 25559081, 25612201, 161, 267, 106, 54, 3482257408],
  ['resnet_v1_101', 1000, 44549160, 44654504, 314, 522, 208, 105, 7194476544],
  ['resnet_v1_101', 1001, 44551209, 44656553, 314, 522, 208, 105, 7194478592],
  ['resnet_v1_152', 1000, 60192808, 60344232, 467, 777, 310, 156, 10906697728],
  ['resnet_v1_152', 1001, 60194857, 60346281, 467, 777, 310, 156, 10906699776],
  ['resnet_v1_200', 1000, 64673832, 64849832, 611, 1017, 406, 204, 14400552960],
  ['resnet_v1_200', 1001, 64675881, 64851881, 611, 1017, 406, 204, 14400555008],
  ['resnet_v1_50', null, 23508032, 23561152, 159, 265, 106, 53, 3480207360],
  ['resnet_v2_50', 1000, 25568360, 25613800, 174, 272, 98, 54, 3482255360],
  ['resnet_v2_50', 1001, 25570409, 25615849, 174, 272, 98, 54, 3482257408],
  ['resnet_v2_101', 1000, 44577896, 44675560, 344, 544, 200, 105, 7194476544],
  ['resnet_v2_101', 1001, 44579945, 44677609, 344, 544, 200, 105, 7194478592],
  ['resnet_v2_152', 1000, 60236904, 60380648, 514, 816, 302, 156, 10906697728],
  ['resnet_v2_152', 1001, 60238953, 60382697, 514, 816, 302, 156, 10906699776],
  ['resnet_v2_200', 1000, 64726120, 64894440, 674, 1072, 398, 204, 14400552960],
  ['resnet_v2_200', 1001, 64728169, 64896489, 674, 1072, 398, 204, 14400555008],
  ['resnet_v2_50', null, 23519360, 23564800, 172, 270, 98, 53, 3480207360],
  ['vgg_a', 1000, 132863336, 132863336, 22, 22, 0, 11, 7609090048],
  ['vgg_a', 1001, 132867433, 132867433, 22, 22, 0, 11, 7609094144],
  ['vgg_16', 1000, 138357544, 138357544, 32, 32, 0, 16, 15470264320],
  ['vgg_16', 1001, 138361641, 138361641, 32, 32, 0, 16, 15470268416],
  ['vgg_19', 1000, 143667240, 143667240, 38, 38, 0, 19, 19632062464],
  ['vgg_19', 1001, 143671337, 143671337, 38, 38, 0, 19, 19632066560],
] as const;

function network(name: string, numClasses: number | null, options: slim.Options<nets.NetworkOptions> = {}) {
  const entry = nets.network(name);
  return build(() =>
    slim.argScope(entry.argScope(), () => entry.build(images([null, 224, 224, 3]), { numClasses, ...options })),
  );
}

function values(graph: Graph, trainableOnly: boolean): number {
  return [...graph.variables.values()]
    .filter((v) => v.trainable || !trainableOnly)
    .reduce((sum, v) => sum + elementCount(v.shape), 0);
}

function macsAt(graph: Graph, net: Tensor, size: number): number {
  return macs(graph, [net], new Map([['images', [1, size, size, 3]]]));
}

test.each(counts)(
  '%s with %p classes has the published numbers',
  (name, classes, trainable, all, trainableVariables, variables, updates, losses, expectedMacs) => {
    const { graph, value } = network(name, classes);
    expect(values(graph, true)).toBe(trainable);
    expect(values(graph, false)).toBe(all);
    expect(graph.getCollection(slim.GraphKeys.trainableVariables)).toHaveLength(trainableVariables);
    expect(graph.getCollection(slim.GraphKeys.modelVariables)).toHaveLength(variables);
    expect(graph.variables.size).toBe(variables);
    expect(graph.getCollection(slim.GraphKeys.updateOps)).toHaveLength(updates);
    expect(graph.getCollection(slim.GraphKeys.regularizationLosses)).toHaveLength(losses);
    expect(macsAt(graph, value.net, 224)).toBe(expectedMacs);
  },
);

test.each(slimNetworks)('%s has the variables and end points of TensorFlow in its order', (name) => {
  const fixture = golden<Fixture>(`variables/${name}.json`);
  const { graph, value } = network(name, 1000);
  expect([...graph.variables.values()].map((v) => [v.name, v.shape, v.trainable])).toEqual(fixture.variables);
  expect(Object.keys(value.endPoints)).toEqual(fixture.endPoints);
  expect(graph.getCollection(slim.GraphKeys.updateOps)).toHaveLength(fixture.updateOps);
  expect(graph.getCollection(slim.GraphKeys.regularizationLosses)).toHaveLength(fixture.regularizationLosses);
});

test.each([
  ['resnet_18', 11689512, 1.814],
  ['resnet_34', 21797672, 3.664],
  ['resnet_50', 25557032, 4.089],
  ['resnet_101', 44549160, 7.801],
  ['resnet_152', 60192808, 11.514],
] as const)('%s has the parameters and the work that torchvision publishes', (name, trainable, billionMacs) => {
  const { graph, value } = network(name, 1000);
  expect(values(graph, true)).toBe(trainable);
  expect(macsAt(graph, value.net, 224) / 1e9).toBeCloseTo(billionMacs, 3);
});

test.each([
  ['resnet_v1_50', 75],
  ['resnet_v1_101', 143],
  ['resnet_v1_152', 211],
  ['resnet_v1_200', 275],
  ['resnet_v2_50', 75],
  ['resnet_v2_101', 143],
  ['resnet_v2_152', 211],
  ['resnet_v2_200', 275],
] as const)('%s has %d end points, two less without classes', (name, count) => {
  expect(Object.keys(network(name, 1000).value.endPoints)).toHaveLength(count);
  expect(Object.keys(network(name, null).value.endPoints)).toHaveLength(count - 2);
});

test.each([
  ['resnet_v1_50', 77],
  ['resnet_v1_101', 145],
  ['resnet_v1_152', 213],
  ['resnet_v1_200', 277],
  ['resnet_v2_50', 77],
  ['vgg_a', 16],
  ['vgg_16', 21],
  ['vgg_19', 24],
] as const)('%s has %d end points in the form of the model library', (name, count) => {
  const { endPoints } = network(name, 1000, { spatialSqueeze: true }).value;
  expect(Object.keys(endPoints)).toHaveLength(count);
});

test.each([
  ['resnet_v2_50', 6536213248],
  ['resnet_v2_101', 13373518592],
  ['resnet_v2_152', 20210823936],
  ['resnet_v2_200', 26645934848],
] as const)('%s takes the published work at 299 pixels', (name, expected) => {
  const { graph, value } = build(() =>
    withResnetArgScope(() => nets.networks[name].build(images([null, 299, 299, 3]), { numClasses: 1001 })),
  );
  expect(macsAt(graph, value.net, 299)).toBe(expected);
});

test.each([
  [16, 224, true, 5803999232],
  [8, 224, true, 18877054976],
  [16, 321, false, 13769446592],
] as const)(
  'resnet_v1_50 at output stride %d over %d pixels takes the published work',
  (outputStride, size, globalPool, expected) => {
    const { graph, value } = build(() =>
      withResnetArgScope(() =>
        nets.resnetV1_50(images([null, null, null, 3]), { numClasses: 1000, outputStride, globalPool }),
      ),
    );
    expect(macsAt(graph, value.net, size)).toBe(expected);
  },
);

test('an inference network has no updates and the same variables', () => {
  const { graph } = network('resnet_v1_50', 1000, { isTraining: false });
  expect(graph.getCollection(slim.GraphKeys.updateOps)).toHaveLength(0);
  expect(graph.variables.size).toBe(267);
});

test('no regularization loss belongs to anything but convolution weights', () => {
  const { graph } = network('resnet_v1_50', 1000);
  const losses = graph.getCollection<Tensor>(slim.GraphKeys.regularizationLosses).map((t) => t.name);
  expect(losses.filter((name) => !name.endsWith('/kernel/Regularizer/l2_regularizer'))).toEqual([]);
});
