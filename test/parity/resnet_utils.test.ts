/** What TF-Slim's tests of resnet_utils assert, test by test under its own names. */

import type { Tensor } from '../../lib/core/graph.js';
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
  type Result,
} from './numbers.js';
import { build, type Form, forms, images, inGraph, shapesOf } from './support.js';

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

test.each(['v1', 'v2'] as const)('testEndPointsV1, testEndPointsV2: %s', (form) => {
  const { block } = forms[form];
  const { value } = build(() => {
    const blocks = [
      block('block1', { baseDepth: 1, numUnits: 2, stride: 2 }),
      block('block2', { baseDepth: 2, numUnits: 2, stride: 1 }),
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
        (layer) => `tiny/block${b}/unit_${u}/bottleneck_${form}/${layer}`,
      ),
    ),
  );
  expect(expected).toHaveLength(14);
  expect(Object.keys(value)).toEqual(expected);
});

/** Slim's own control: blocks stacked without any control over the stride. */
function stackBlocksNondense(inputs: Tensor, blocks: readonly nets.Block[]) {
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

/** Four blocks of two units; output strides from 1 to the nominal 8. */
const fourBlocks = (form: Form) =>
  [1, 2, 4, 8].map((baseDepth, i) =>
    forms[form].block(`block${i + 1}`, { baseDepth, numUnits: 2, stride: i < 3 ? 2 : 1 }),
  );

const onEachDevice = devices.flatMap((device) => (['v1', 'v2'] as const).map((form) => [form, device] as const));

/** Builds in inference under resnetArgScope, runs with the generator's values, and gives back what `body` fetches. */
function inferred(device: Device, body: (x: Tensor) => Record<string, Tensor>) {
  const { graph, value } = build(() =>
    slim.argScope(nets.resnetArgScope(), () =>
      slim.argScope([slim.batchNorm], { isTraining: false }, () => body(images([1, 30, 31, 3]))),
    ),
  );
  return evaluate(graph, device, value, {
    feeds: { images: generatedImages([1, 30, 31, 3]) },
    values: generatedValues(graph),
  });
}

/** Builds once more over the variables that there are. */
function again<T>(body: () => T): T {
  return slim.variableScope(slim.getVariableScope(), { reuse: true }, body);
}

function expectClose(actual: Result | undefined, expected: Result | undefined): void {
  expect(actual?.shape).toEqual(expected?.shape);
  const scale = Math.max(...(expected?.data ?? []).map(Math.abs));
  expect(scale).toBeGreaterThan(0);
  expect(largestDifference(actual?.data ?? [], expected?.data ?? [])).toBeLessThan(1e-4 * (1 + scale));
}

describe.each(onEachDevice)('testAtrousValuesBottleneck, %s on %s', (form, device) => {
  test.each([1, 2, 4, 8, null])('output stride %p', async (outputStride) => {
    const { output, expected } = await inferred(device, (x) => {
      const dense = nets.stackBlocksDense(x, fourBlocks(form), { outputStride });
      return {
        output: nets.subsample(dense, outputStride === null ? 1 : 8 / outputStride),
        expected: again(() => stackBlocksNondense(x, fourBlocks(form))),
      };
    });
    expectClose(output, expected);
  });
});

describe.each(onEachDevice)('testStridingLastUnitVsSubsampleBlockEnd, %s on %s', (form, device) => {
  test.each([1, 2, 4, 8, null])('output stride %p', async (outputStride) => {
    const blocks = fourBlocks(form);
    const results = await inferred(device, (x) => {
      const stacked = (storeNonStridedActivations: boolean, outputsCollections: string): Record<string, Tensor> => {
        const net = nets.stackBlocksDense(x, blocks, { outputStride, storeNonStridedActivations, outputsCollections });
        return { net, ...slim.convertCollectionToDict(outputsCollections) };
      };
      const strided = stacked(false, 'strided');
      const stored = again(() => stacked(true, 'stored'));
      for (const [i, { scope }] of blocks.slice(0, -1).entries()) {
        const atrous = outputStride !== null && 2 ** i >= outputStride;
        if (!atrous) stored[scope] = nets.subsample(stored[scope] as Tensor, 2);
      }
      const named = (prefix: string, tensors: Record<string, Tensor>) =>
        Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix} ${name}`, tensor]));
      return { ...named('strided', strided), ...named('stored', stored) };
    });
    for (const name of ['net', 'block1', 'block2', 'block3'])
      expectClose(results[`strided ${name}`], results[`stored ${name}`]);
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
    activationFn: slim.relu6,
    batchNormUpdatesCollections: 'mine',
  });
  expect(own.of(slim.batchNorm)).toEqual({ decay: 0.9, epsilon: 0.1, scale: false, updatesCollections: 'mine' });
  expect(own.of(slim.conv2d)).toMatchObject({ activationFn: slim.relu6, normalizerFn: slim.batchNorm });
});

test('resnetArgScope without batch normalization gives every convolution biases', () => {
  const { graph } = build(() =>
    slim.argScope(nets.resnetArgScope({ useBatchNorm: false }), () =>
      nets.stackBlocksDense(images([1, 16, 16, 3]), fourBlocks('v1')),
    ),
  );
  const kinds = new Set([...graph.variables.keys()].map((name) => name.slice(name.lastIndexOf('/') + 1)));
  expect([...kinds].sort()).toEqual(['biases', 'weights']);
  expect(() => nets.resnetArgScope({ useBatchNorm: 1 as never })).toThrow(/useBatchNorm/);
});

test('resnetArgScope puts relu back where the surrounding scope has another activation', () => {
  const { value } = build(() =>
    slim.argScope([slim.conv2d], { activationFn: null }, () =>
      slim.argScope(nets.resnetArgScope(), () => slim.conv2d(images(), 4, 3, { scope: 'c' })),
    ),
  );
  expect(value.name).toBe('c/Relu');
});
