/** Dense prediction with the published networks: feature maps at every output stride (values of TensorFlow's: networks.test.ts). */
import type { Graph } from '../../lib/core/graph.js';
import * as nets from '../../lib/slim/nets/index.js';
import { evaluate, generatedImages, generatedValues, largestDifference } from '../parity/numbers.js';
import { build, images, withResnetArgScope } from '../parity/support.js';

const dense = { numClasses: null, isTraining: false, globalPool: false } as const;

function network(size: number, outputStride: number | null) {
  return build(() =>
    withResnetArgScope(() => nets.resnetV1_50(images([1, size, size, 3]), { ...dense, outputStride })),
  );
}

/** Stride and rate of each unit's 3x3 convolution, block by block. */
function schedule(graph: Graph): string[] {
  return [3, 4, 6, 3].map((units, block) =>
    Array.from({ length: units }, (_, i) => {
      const name = `resnet_v1_50/block${block + 1}/unit_${i + 1}/bottleneck_v1/conv2/Conv2D`;
      const node = graph.nodes.find((n) => n.name === name);
      return `${node?.attrs.strides}/${node?.attrs.dilations}`;
    }).join(' '),
  );
}

/** A schedule in words: the stride of the last unit, the rate of all. */
function block(units: number, lastStride: number, rate: number): string {
  return Array.from({ length: units }, (_, i) => {
    const stride = i === units - 1 ? lastStride : 1;
    return `${stride},${stride}/${rate},${rate}`;
  }).join(' ');
}

test.each([
  [null, [2, 2, 2, 1], [1, 1, 1, 1]],
  [32, [2, 2, 2, 1], [1, 1, 1, 1]],
  [16, [2, 2, 1, 1], [1, 1, 1, 2]],
  [8, [2, 1, 1, 1], [1, 1, 2, 4]],
  [4, [1, 1, 1, 1], [1, 2, 4, 8]],
] as const)('output stride %p: strides %j become rates %j', (outputStride, strides, rates) => {
  const expected = [3, 4, 6, 3].map((units, i) => block(units, strides[i] as number, rates[i] as number));
  expect(schedule(network(65, outputStride).graph)).toEqual(expected);
});

describe.each([4, 8, 16, 32])('at output stride %d', (outputStride) => {
  test.each([33, 65, 97, 225, 321])('an image of %d pixels has (size - 1) / stride + 1 features a side', (size) => {
    const side = (size - 1) / outputStride + 1;
    expect(network(size, outputStride).value.net.shape).toEqual([1, side, side, 2048]);
  });

  test('the features are those of the nominal network, and more between them', async () => {
    const size = 65;
    const { graph, value } = build(() => {
      const x = images([1, size, size, 3]);
      return withResnetArgScope(() => ({
        fine: nets.resnetV1_50(x, { ...dense, outputStride }).net,
        nominal: nets.resnetV1_50(x, { ...dense, reuse: true }).net,
      }));
    });
    const { output, expected } = await evaluate(
      graph,
      'cpu',
      {
        output: graph.build(() => nets.subsample(value.fine, 32 / outputStride)),
        expected: value.nominal,
      },
      { feeds: { images: generatedImages([1, size, size, 3]) }, values: generatedValues(graph) },
    );
    expect(output?.shape).toEqual([1, 3, 3, 2048]);
    expect(expected?.shape).toEqual(output?.shape);
    const scale = Math.max(...(expected?.data ?? []).map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    expect(largestDifference(output?.data ?? [], expected?.data ?? [])).toBeLessThan(1e-4 * scale);
  });
});
