/**
 * What TF-Slim's resnet_v1_test and resnet_v2_test assert of complete small networks, test by test under their own names, and
 * values that TensorFlow computed. Where the model library's tests differ, theirs follow.
 */
import { ArgumentError, ScopeError, ShapeError } from '../../lib/errors.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import type { NetworkFixture } from '../helpers/network_fixtures.js';
import {
  type Device,
  devices,
  evaluate,
  expectStatistics,
  generatedImages,
  generatedValues,
  largestDifference,
  numbers,
  withSession,
} from './numbers.js';
import { build, type Form, golden, images, inGraph, smallResnet, withResnetArgScope } from './support.js';

type SmallOptions = slim.Options<nets.ResnetV2Options>;

function blockShapes(endPoints: nets.Network['endPoints']) {
  return [1, 2, 3, 4].map((b) => endPoints[`resnet/block${b}`]?.shape);
}

const tolerances: Readonly<Record<Device, number>> = { reference: 1e-5, cpu: 1e-4, 'cudnn-software': 1e-5 };

/** The same for what lies inside: there TensorFlow's own rounding shows, where sums cancel out before a relu. */
const innerTolerances: Readonly<Record<Device, number>> = { reference: 3e-5, cpu: 1e-4, 'cudnn-software': 4e-5 };

/** All of these tests, for one form. */
export function completeNetworkTests(form: Form): void {
  const small = (shape: readonly (number | null)[], options: SmallOptions) =>
    build(() => withResnetArgScope(() => smallResnet(images(shape), options, form)));

  test('testClassificationEndPoints', () => {
    const { value } = small([2, 224, 224, 3], { numClasses: 10 });
    expect(value.net.name.startsWith('resnet/logits')).toBe(true);
    expect(value.net.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints.predictions?.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints['resnet/logits']).toBe(value.net);
  });

  test('testEndpointNames', () => {
    const { value } = small([2, 224, 224, 3], { numClasses: 10 });
    const expected = ['resnet/conv1'];
    for (const block of [1, 2, 3, 4]) {
      for (let unit = 1; unit <= (block === 4 ? 2 : 3); unit++) {
        const prefix = `resnet/block${block}/unit_${unit}/bottleneck_${form}`;
        if (unit === 1) expected.push(`${prefix}/shortcut`);
        expected.push(`${prefix}/conv1`, `${prefix}/conv2`, `${prefix}/conv3`, prefix);
      }
      expected.push(`resnet/block${block}`);
    }
    expect(Object.keys(value.endPoints)).toEqual([...expected, 'resnet/logits', 'predictions']);
  });

  test('testClassificationEndPoints of the model library', () => {
    const { value } = small([2, 224, 224, 3], { numClasses: 10, spatialSqueeze: false });
    expect(value.net.name.startsWith('resnet/logits')).toBe(true);
    expect(value.net.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints.predictions?.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints.global_pool?.shape).toEqual([2, 1, 1, 32]);
  });

  test('testClassificationEndPointsWithNoBatchNormArgscope', () => {
    const { graph, value } = small([2, 224, 224, 3], { numClasses: 10, spatialSqueeze: false, isTraining: null });
    expect(value.net.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints.global_pool?.shape).toEqual([2, 1, 1, 32]);
    // The default of batchNorm; the surrounding scope has the say.
    expect(graph.getCollection(slim.GraphKeys.updateOps).length).toBeGreaterThan(0);
    const scoped = build(() =>
      withResnetArgScope(() =>
        slim.argScope([slim.batchNorm], { isTraining: false }, () =>
          smallResnet(images([2, 224, 224, 3]), { isTraining: null }, form),
        ),
      ),
    );
    expect(scoped.graph.getCollection(slim.GraphKeys.updateOps)).toEqual([]);
  });

  test('testEndpointNames of the model library', () => {
    const { value } = small([2, 224, 224, 3], { numClasses: 10, spatialSqueeze: true });
    const plain = small([2, 224, 224, 3], { numClasses: 10 }).value.endPoints;
    expect(Object.keys(value.endPoints)).toEqual([
      ...Object.keys(plain).slice(0, -2),
      'global_pool',
      'resnet/logits',
      'resnet/spatial_squeeze',
      'predictions',
    ]);
    expect(value.net.name).toBe('resnet/SpatialSqueeze');
    expect(value.net.shape).toEqual([2, 10]);
    expect(value.endPoints['resnet/spatial_squeeze']).toBe(value.net);
    expect(value.endPoints['resnet/logits']?.shape).toEqual([2, 1, 1, 10]);
    expect(value.endPoints.predictions?.shape).toEqual([2, 10]);
  });

  test.each([0, null])('without classes (%p) there are pooled features', (numClasses) => {
    const { value } = small([2, 65, 65, 3], { numClasses, spatialSqueeze: true });
    expect(value.net).toBe(value.endPoints.global_pool);
    expect(Object.keys(value.endPoints)).not.toContain('resnet/logits');
  });

  test('testClassificationShapes', () => {
    const { value } = small([2, 224, 224, 3], { numClasses: 10 });
    expect(blockShapes(value.endPoints)).toEqual([
      [2, 28, 28, 4],
      [2, 14, 14, 8],
      [2, 7, 7, 16],
      [2, 7, 7, 32],
    ]);
  });

  test('testFullyConvolutionalEndpointShapes', () => {
    const { value } = small([2, 321, 321, 3], { numClasses: 10, globalPool: false });
    expect(blockShapes(value.endPoints)).toEqual([
      [2, 41, 41, 4],
      [2, 21, 21, 8],
      [2, 11, 11, 16],
      [2, 11, 11, 32],
    ]);
  });

  test('testRootlessFullyConvolutionalEndpointShapes', () => {
    const { value } = small([2, 128, 128, 3], { numClasses: 10, globalPool: false, includeRootBlock: false });
    expect(blockShapes(value.endPoints)).toEqual([
      [2, 64, 64, 4],
      [2, 32, 32, 8],
      [2, 16, 16, 16],
      [2, 16, 16, 32],
    ]);
    expect(Object.keys(value.endPoints)).not.toContain('resnet/conv1');
  });

  test('testAtrousFullyConvolutionalEndpointShapes', () => {
    const { value } = small([2, 321, 321, 3], { numClasses: 10, globalPool: false, outputStride: 8 });
    expect(blockShapes(value.endPoints)).toEqual([
      [2, 41, 41, 4],
      [2, 41, 41, 8],
      [2, 41, 41, 16],
      [2, 41, 41, 32],
    ]);
  });

  describe.each(devices)('testAtrousFullyConvolutionalValues on %s', (device) => {
    test.each([4, 8, 16, 32, null])('output stride %p', async (outputStride) => {
      const { graph, value } = build(() => {
        const x = images([2, 81, 81, 3]);
        const options = { isTraining: false, globalPool: false } as const;
        const dense = withResnetArgScope(() => smallResnet(x, { ...options, outputStride }, form)).net;
        return {
          output: nets.subsample(dense, outputStride === null ? 1 : 32 / outputStride),
          expected: withResnetArgScope(() => smallResnet(x, { ...options, reuse: true }, form)).net,
        };
      });
      const { output, expected } = await evaluate(graph, device, value, {
        feeds: { images: generatedImages([2, 81, 81, 3]) },
        values: generatedValues(graph),
      });
      expect(output?.shape).toEqual(expected?.shape);
      const scale = Math.max(...(expected?.data ?? []).map(Math.abs));
      expect(scale).toBeGreaterThan(0);
      expect(largestDifference(output?.data ?? [], expected?.data ?? [])).toBeLessThan(2e-4 + 1e-4 * scale);
    });
  });

  test.each(devices)('testUnknownBatchSize on %s', async (device) => {
    const { graph, value } = small([null, 65, 65, 3], { numClasses: 10 });
    expect(value.net.name.startsWith('resnet/logits')).toBe(true);
    expect(value.net.shape).toEqual([null, 1, 1, 10]);
    const { y } = await evaluate(
      graph,
      device,
      { y: value.net },
      { feeds: { images: generatedImages([2, 65, 65, 3]) } },
    );
    expect(y?.shape).toEqual([2, 1, 1, 10]);
  });

  test.each(devices)('testFullyConvolutionalUnknownHeightWidth on %s', async (device) => {
    const { graph, value } = small([2, null, null, 3], { globalPool: false });
    expect(value.net.shape).toEqual([2, null, null, 32]);
    const { y } = await evaluate(
      graph,
      device,
      { y: value.net },
      { feeds: { images: generatedImages([2, 65, 65, 3]) } },
    );
    expect(y?.shape).toEqual([2, 3, 3, 32]);
  });

  test.each(devices)('testAtrousFullyConvolutionalUnknownHeightWidth on %s', async (device) => {
    const { graph, value } = small([2, null, null, 3], { globalPool: false, outputStride: 8 });
    expect(value.net.shape).toEqual([2, null, null, 32]);
    const { y } = await evaluate(
      graph,
      device,
      { y: value.net },
      { feeds: { images: generatedImages([2, 65, 65, 3]) } },
    );
    expect(y?.shape).toEqual([2, 9, 9, 32]);
  });

  test.each([
    ['an output stride that is no multiple of 4', { outputStride: 6 }, ArgumentError, /multiple of 4/],
    [
      'an output stride between those of the units',
      { outputStride: 12 },
      ArgumentError,
      /target outputStride cannot be reached/,
    ],
    [
      'an output stride above the nominal one',
      { outputStride: 64 },
      ArgumentError,
      /target outputStride cannot be reached/,
    ],
    [
      'an output stride of 3 without the root block',
      { outputStride: 3, includeRootBlock: false },
      ArgumentError,
      /cannot be reached/,
    ],
    ['an output stride of 0', { outputStride: 0 }, ArgumentError, /positive integer/],
    ['reuse before there are variables', { reuse: true }, ScopeError, /does not exist/],
    ['a negative number of classes', { numClasses: -1 }, ArgumentError, /numClasses/],
    ['isTraining undecided', { isTraining: 'no' as never }, ArgumentError, /isTraining cannot be the string "no"/],
    ['spatialSqueeze undecided', { spatialSqueeze: 1 as never }, ArgumentError, /spatialSqueeze/],
    ['squeezing a map', { spatialSqueeze: true }, ShapeError, /squeeze/],
    ['a misspelled option', { num_classes: 3 } as never, ArgumentError, /did you mean numClasses/],
  ] as const)('%s is an error', (_, options, errorClass, message) => {
    const attempt = () => small([1, 65, 65, 3], { numClasses: 10, globalPool: false, ...(options as SmallOptions) });
    expect(attempt).toThrow(errorClass as typeof ArgumentError);
    expect(attempt).toThrow(message);
  });

  test('a second build under the same scope needs reuse', () => {
    inGraph(() => {
      const x = images([1, 65, 65, 3]);
      withResnetArgScope(() => smallResnet(x, {}, form));
      expect(() => withResnetArgScope(() => smallResnet(x, {}, form))).toThrow(/already exists/);
    });
  });

  test.each([[[65, 65, 3]], [[65, 3]], [[]]])('images of shape %p are refused', (shape) => {
    expect(() => small(shape, {})).toThrow(ShapeError);
    expect(() => small(shape, { includeRootBlock: false })).toThrow(ShapeError);
  });

  function fixtureNetwork(f: NetworkFixture) {
    const { numClasses, isTraining, globalPool, outputStride, includeRootBlock } = f;
    return small(f.inputShape, { numClasses, isTraining, globalPool, outputStride, includeRootBlock });
  }

  describe.each(devices)('the small network computes what TensorFlow computes, on %s', (device) => {
    const feeds = (f: NetworkFixture) => ({ images: generatedImages(f.inputShape) });

    test.each([
      'pooled_32x32',
      'pooled_33x33',
      'fcn_33x33_stride8',
      'fcn_40x48_stride16',
      'rootless_128x128',
      'fcn_321x321_stride8',
      'features_81x81_stride16',
    ])('%s', async (id) => {
      const f = golden<NetworkFixture>(`nets/small_${form}_${id}.json`);
      const { graph, value } = fixtureNetwork(f);
      expect(value.net.name).toBe(f.output.name);
      const { net, ...points } = await evaluate(
        graph,
        device,
        { net: value.net, ...value.endPoints },
        { feeds: feeds(f), values: generatedValues(graph) },
      );
      expect(net?.shape).toEqual(f.output.shape);
      if (f.output.data !== null)
        expect(largestDifference(net?.data ?? [], f.output.data)).toBeLessThan(tolerances[device] * f.outputRange);
      else expectStatistics(net?.data ?? [], f.output, innerTolerances[device]);
      expect(Object.keys(points)).toEqual(f.endPoints.map((p) => p.name));
      for (const expected of f.endPoints) {
        expect(points[expected.name]?.shape).toEqual(expected.shape);
        expectStatistics(points[expected.name]?.data ?? [], expected, innerTolerances[device]);
      }
    });

    test('training, with the moving statistics after one run of the updates', async () => {
      const f = golden<NetworkFixture>(`nets/small_${form}_training_32x32.json`);
      const { graph, value } = fixtureNetwork(f);
      await withSession(graph, device, async (session) => {
        for (const [name, data] of Object.entries(generatedValues(graph)))
          await session.write(graph.variable(name), data);
        const updates = graph.getCollection<nets.Network['net']>(slim.GraphKeys.updateOps);
        const { net } = numbers(await session.run(feeds(f), { net: value.net }, { updates }));
        expect(largestDifference(net?.data ?? [], f.output.data ?? [])).toBeLessThan(
          tolerances[device] * f.outputRange,
        );
        expect(f.movingStatisticsAfterUpdate?.length).toBeGreaterThan(0);
        for (const expected of f.movingStatisticsAfterUpdate ?? []) {
          expectStatistics(
            Array.from((await session.read(graph.variable(expected.name))) as Float32Array),
            expected,
            innerTolerances[device],
          );
        }
      });
    });
  });
}
