/** Blocks that stride in another unit or on another convolution than Slim's, basic units, and pooling that pads alike on both sides. */
import type { Tensor } from '../../../lib/core/graph.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
import { devices, evaluate, generatedImages, generatedValues, largestDifference } from '../../parity/numbers.js';
import { build, images } from '../../parity/support.js';

test('a block may stride in its first unit, and there on the first convolution', () => {
  const block = nets.resnetV1Block('b', {
    baseDepth: 8,
    numUnits: 3,
    stride: 2,
    strideIn: 'first_unit',
    strideOn: 'conv1',
  });
  expect(block.args).toEqual([
    { depth: 32, depthBottleneck: 8, stride: 2, strideOn: 'conv1' },
    { depth: 32, depthBottleneck: 8, stride: 1, strideOn: 'conv1' },
    { depth: 32, depthBottleneck: 8, stride: 1, strideOn: 'conv1' },
  ]);
  const basic = nets.resnetV1BasicBlock('b', { baseDepth: 8, numUnits: 2, stride: 2 });
  expect(basic.args.map(({ depth, stride }) => [depth, stride])).toEqual([
    [8, 1],
    [8, 2],
  ]);
});

test.each([
  ['conv1', 8],
  ['conv2', 16],
  [undefined, 16],
] as const)('the stride of a bottleneck unit stands on its second convolution unless told: %p', (strideOn, side) => {
  const { graph } = build(() =>
    nets.bottleneckV1(images([1, 16, 16, 4]), {
      depth: 4,
      depthBottleneck: 1,
      stride: 2,
      ...(strideOn === undefined ? {} : { strideOn }),
    }),
  );
  const shapeOf = (layer: string) =>
    graph.nodes.find(({ name }) => name === `bottleneck_v1/${layer}/Conv2D`)?.outputs[0]?.shape;
  expect([shapeOf('conv1'), shapeOf('conv2')]).toEqual([
    [1, side, side, 1],
    [1, 8, 8, 1],
  ]);
});

test('placements of the stride that do not exist are refused', () => {
  const size = { baseDepth: 8, numUnits: 3, stride: 2 };
  expect(() => nets.resnetV1Block('b', { ...size, strideIn: 'middle' as never })).toThrow(/strideIn.*first_unit/);
  const block = nets.resnetV1Block('b', { ...size, strideOn: 'conv3' as never });
  expect(() => build(() => nets.stackBlocksDense(images(), [block]))).toThrow(/strideOn.*conv1/);
});

describe.each(devices)('maxPool2dSame on %s', (device) => {
  test.each([8, 9])('pads alike on both sides, whatever the size: %d', async (size) => {
    const { graph, value } = build(() => nets.maxPool2dSame(images([1, size, size, 1]), 3, 2));
    const data = Float32Array.from({ length: size * size }, (_, i) => -1 - (i % size) - size * Math.floor(i / size));
    const { y } = await evaluate(
      graph,
      device,
      { y: value },
      { feeds: { images: { shape: [1, size, size, 1], data } } },
    );
    const side = Math.ceil(size / 2);
    // The values fall along both axes, so each window's largest is its first one inside the image.
    const first = (i: number) => Math.max(2 * i - 1, 0);
    const expected = Array.from(
      { length: side * side },
      (_, i) => -1 - first(i % side) - size * first(Math.floor(i / side)),
    );
    expect(y).toEqual({ shape: [1, side, side, 1], data: expected });
  });
});

/** The blocks without any control over the stride. */
function stackedPlainly(inputs: Tensor, blocks: readonly nets.Block[]): Tensor {
  let net = inputs;
  for (const block of blocks)
    slim.variableScope(block.scope, 'block', () => {
      block.args.forEach((unit, i) => {
        net = slim.variableScope(`unit_${i + 1}`, () => block.unitFn(net, unit));
      });
    });
  return net;
}

/** Blocks that stride elsewhere than Slim's do. */
const placements = [
  ['first unit, conv2', nets.resnetV1Block, { strideIn: 'first_unit' }],
  ['first unit, conv1', nets.resnetV1Block, { strideIn: 'first_unit', strideOn: 'conv1' }],
  ['last unit, conv1', nets.resnetV1Block, { strideOn: 'conv1' }],
  ['basic, first unit', nets.resnetV1BasicBlock, { strideIn: 'first_unit' }],
  ['basic, last unit, conv2', nets.resnetV1BasicBlock, { strideOn: 'conv2' }],
] as const;

describe.each(
  devices.flatMap((device) => placements.map(([form, makeBlock, size]) => [device, form, makeBlock, size] as const)),
)('dilation in place of stride gives the same features on %s: %s', (device, _, makeBlock, size) => {
  const blocks = [1, 2, 4, 8].map((baseDepth, i) =>
    makeBlock(`block${i + 1}`, { baseDepth, numUnits: 2, stride: i < 3 ? 2 : 1, ...size }),
  );

  test.each([1, 2, 4, 8, null])('output stride %p', async (outputStride) => {
    const { graph, value } = build(() =>
      slim.argScope(nets.resnetArgScope(), () =>
        slim.argScope([slim.batchNorm], { isTraining: false }, () => {
          const x = images([1, 30, 31, 3]);
          const dense = nets.stackBlocksDense(x, blocks, { outputStride });
          const output = nets.subsample(dense, outputStride === null ? 1 : 8 / outputStride);
          const expected = slim.variableScope(slim.getVariableScope(), { reuse: true }, () =>
            stackedPlainly(x, blocks),
          );
          return { output, expected };
        }),
      ),
    );
    const { output, expected } = await evaluate(graph, device, value, {
      feeds: { images: generatedImages([1, 30, 31, 3]) },
      values: generatedValues(graph),
    });
    expect(output?.shape).toEqual(expected?.shape);
    const scale = Math.max(...(expected?.data ?? []).map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    expect(largestDifference(output?.data ?? [], expected?.data ?? [])).toBeLessThan(1e-4 * (1 + scale));
  });
});
