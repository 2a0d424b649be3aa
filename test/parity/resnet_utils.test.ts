/** What TF-Slim's tests of resnet_utils assert, test by test under its own names. */

import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import {
  type Device,
  devices,
  evaluate,
  feed,
  generatedImages,
  generatedValues,
  largestDifference,
  meshGrid,
} from './numbers.js';
import { build, images, inGraph, shapesOf } from './support.js';

test.each([
  [3, [0, 2, 6, 8]],
  [4, [0, 2, 8, 10]],
] as const)('testSubsampleThreeByThree, testSubsampleFourByFour: %d', async (size, expected) => {
  const { graph, value } = build(() => nets.subsample(images([1, size, size, 1]), 2));
  for (const device of devices) {
    const { y } = await evaluate(
      graph,
      device,
      { y: value },
      { feeds: { images: feed([1, size, size, 1], (i) => i) } },
    );
    expect(y).toEqual({ shape: [1, 2, 2, 1], data: expected });
  }
});

test('subsample by 1 gives the same tensor back', () => {
  inGraph(() => {
    const x = images();
    expect(nets.subsample(x, 1)).toBe(x);
    expect(() => nets.subsample(x, 0)).toThrow(/factor/);
  });
});

/** The four ways to convolve in Slim's tests, over one set of variables: w[i, j] = i + j, no bias. */
async function convolutions(size: number, kernel: number, device: Device) {
  const { graph, value } = build(() => {
    const x = images([1, size, size, 1]);
    const y1 = slim.conv2d(x, 1, [kernel, kernel], { stride: 1, scope: 'Conv' });
    return slim.variableScope(slim.getVariableScope(), { reuse: true }, () => ({
      stride1: y1,
      subsampled: nets.subsample(y1, 2),
      same: nets.conv2dSame(x, 1, kernel, 2, { scope: 'Conv' }),
      plain: slim.conv2d(x, 1, [kernel, kernel], { stride: 2, scope: 'Conv' }),
    }));
  });
  const weights = Float32Array.from({ length: kernel * kernel }, (_, i) => Math.floor(i / kernel) + (i % kernel));
  const results = await evaluate(graph, device, value, {
    feeds: { images: meshGrid([1, size, size, 1]) },
    values: { 'Conv/weights': weights },
  });
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
}

test.each(devices)('testConv2DSameEven on %s', async (device) => {
  expect(await convolutions(4, 3, device)).toEqual({
    stride1: [14, 28, 43, 26, 28, 48, 66, 37, 43, 66, 84, 46, 26, 37, 46, 22],
    subsampled: [14, 43, 43, 84],
    same: [14, 43, 43, 84],
    plain: [48, 37, 37, 22],
  });
});

test.each(devices)('testConv2DSameOdd on %s', async (device) => {
  expect(await convolutions(5, 3, device)).toEqual({
    stride1: [14, 28, 43, 58, 34, 28, 48, 66, 84, 46, 43, 66, 84, 102, 55, 58, 84, 102, 120, 64, 34, 46, 55, 64, 30],
    subsampled: [14, 43, 34, 43, 84, 55, 34, 55, 30],
    same: [14, 43, 34, 43, 84, 55, 34, 55, 30],
    plain: [14, 43, 34, 43, 84, 55, 34, 55, 30],
  });
});

test.each([3, 4, 5, 7].flatMap((kernel) => [2, 3, 4].map((stride) => [kernel, stride] as const)))(
  'conv2dSame with kernel %d and stride %d equals a subsampled convolution',
  async (kernel, stride) => {
    const { graph, value } = build(() => {
      const x = images([1, 9, 10, 2]);
      const conv = (make: () => ReturnType<typeof slim.conv2d>) =>
        slim.argScope([slim.conv2d], { reuse: slim.AUTO_REUSE, activationFn: null }, make);
      return {
        same: conv(() => nets.conv2dSame(x, 3, kernel, stride, { scope: 'c' })),
        subsampled: nets.subsample(
          conv(() => slim.conv2d(x, 3, kernel, { scope: 'c' })),
          stride,
        ),
      };
    });
    for (const device of devices) {
      const { same, subsampled } = await evaluate(graph, device, value, {
        feeds: { images: generatedImages([1, 9, 10, 2]) },
      });
      expect(same?.shape).toEqual([1, Math.ceil(9 / stride), Math.ceil(10 / stride), 3]);
      expect(same?.shape).toEqual(subsampled?.shape);
      expect(largestDifference(same?.data ?? [], subsampled?.data ?? [])).toBeLessThan(1e-5);
    }
  },
);

test('testEndPointsV1', () => {
  const { value } = build(() => {
    const blocks = [
      nets.resnetV1Block('block1', { baseDepth: 1, numUnits: 2, stride: 2 }),
      nets.resnetV1Block('block2', { baseDepth: 2, numUnits: 2, stride: 1 }),
    ];
    slim.variableScope('tiny', () =>
      slim.argScope([slim.conv2d], { outputsCollections: 'points' }, () =>
        nets.stackBlocksDense(images([2, 32, 16, 3]), blocks),
      ),
    );
    return shapesOf(slim.convertCollectionToDict('points'));
  });
  const expected = [1, 2].flatMap((b) =>
    [1, 2].flatMap((u) =>
      [...(u === 1 ? ['shortcut'] : []), 'conv1', 'conv2', 'conv3'].map(
        (layer) => `tiny/block${b}/unit_${u}/bottleneck_v1/${layer}`,
      ),
    ),
  );
  expect(expected).toHaveLength(14);
  expect(Object.keys(value)).toEqual(expected);
});

/** Slim's own control: blocks stacked without any control over the stride. */
function stackBlocksNondense(inputs: Parameters<typeof nets.bottleneckV1>[0], blocks: readonly nets.Block[]) {
  return blocks.reduce(
    (net, block) =>
      slim.variableScope(block.scope, 'block', () =>
        block.args.reduce(
          (x, unit, i) => slim.variableScope(`unit_${i + 1}`, () => block.unitFn(x, { ...unit, rate: 1 })),
          net,
        ),
      ),
    inputs,
  );
}

describe.each(devices)('testAtrousValuesBottleneck on %s', (device) => {
  const blocks = [1, 2, 4, 8].map((baseDepth, i) =>
    nets.resnetV1Block(`block${i + 1}`, { baseDepth, numUnits: 2, stride: i < 3 ? 2 : 1 }),
  );

  test.each([1, 2, 4, 8, null])('output stride %p', async (outputStride) => {
    const { graph, value } = build(() =>
      slim.argScope(nets.resnetArgScope(), () =>
        slim.argScope([slim.batchNorm], { isTraining: false }, () => {
          const x = images([1, 30, 31, 3]);
          const dense = nets.stackBlocksDense(x, blocks, { outputStride });
          const output = nets.subsample(dense, outputStride === null ? 1 : 8 / outputStride);
          const expected = slim.variableScope(slim.getVariableScope(), { reuse: true }, () =>
            stackBlocksNondense(x, blocks),
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

test('the stride of a block stands in its last unit', () => {
  const block = nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 3, stride: 2 });
  expect(block.args).toEqual([
    { depth: 32, depthBottleneck: 8, stride: 1 },
    { depth: 32, depthBottleneck: 8, stride: 1 },
    { depth: 32, depthBottleneck: 8, stride: 2 },
  ]);
});

test.each([
  [1, [1, 1, 1, 1, 1, 1], [1, 1, 2, 2, 6, 24]],
  [2, [1, 2, 1, 1, 1, 1], [1, 1, 1, 1, 3, 12]],
  [6, [1, 2, 1, 3, 1, 1], [1, 1, 1, 1, 1, 4]],
] as const)('rates grow where strides are suppressed: output stride %d', (outputStride, strides, rates) => {
  const { value } = build(() => {
    const seen: (readonly [number | undefined, number | undefined])[] = [];
    const unitFn: nets.UnitFunction = (net, unit) => {
      seen.push([unit.stride, unit.rate]);
      return net;
    };
    const unit = { depth: 1, depthBottleneck: 1 };
    const blocks = [1, 2, 1, 3, 4, 1].map((stride, i) => new nets.Block(`b${i}`, unitFn, [{ ...unit, stride }]));
    nets.stackBlocksDense(images(), blocks, { outputStride });
    return seen;
  });
  expect(value).toEqual(strides.map((stride, i) => [stride, rates[i]]));
});

test.each([1, 2, 6, 24, null])('output stride %p can be reached by strides 1, 2, 1, 3, 4, 1', (outputStride) => {
  const unitFn: nets.UnitFunction = (net) => net;
  const blocks = [1, 2, 1, 3, 4, 1].map(
    (stride, i) => new nets.Block(`b${i}`, unitFn, [{ depth: 1, depthBottleneck: 1, stride }]),
  );
  inGraph(() => expect(() => nets.stackBlocksDense(images(), blocks, { outputStride })).not.toThrow());
});

test.each([3, 4, 5, 12, 48])('output stride %p cannot be reached by strides 1, 2, 1, 3, 4, 1', (outputStride) => {
  const unitFn: nets.UnitFunction = (net) => net;
  const blocks = [1, 2, 1, 3, 4, 1].map(
    (stride, i) => new nets.Block(`b${i}`, unitFn, [{ depth: 1, depthBottleneck: 1, stride }]),
  );
  inGraph(() => expect(() => nets.stackBlocksDense(images(), blocks, { outputStride })).toThrow(/cannot be reached/));
});

test('resnetArgScope holds what the published networks were trained with', () => {
  const scope = nets.resnetArgScope();
  expect(scope.of(slim.maxPool2d)).toEqual({ padding: 'SAME' });
  expect(scope.of(slim.batchNorm)).toEqual({
    decay: 0.997,
    epsilon: 1e-5,
    scale: true,
    updatesCollections: 'update_ops',
  });
  expect(scope.of(slim.conv2d)).toMatchObject({
    normalizerFn: slim.batchNorm,
    normalizerParams: scope.of(slim.batchNorm),
  });
  const own = nets.resnetArgScope({
    weightDecay: 0,
    batchNormDecay: 0.9,
    batchNormEpsilon: 0.1,
    batchNormScale: false,
  });
  expect(own.of(slim.batchNorm)).toEqual({ decay: 0.9, epsilon: 0.1, scale: false, updatesCollections: 'update_ops' });
});
