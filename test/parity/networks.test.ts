/** The published networks with the generator's weights, against what TensorFlow computes. */

import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import {
  type Device,
  devices,
  expectStatistics,
  generatedImages,
  generatedValues,
  largestDifference,
  numbers,
  type Statistics,
  withSession,
} from './numbers.js';
import { build, golden, images, withResnetArgScope } from './support.js';

interface Fixture {
  readonly network: string;
  readonly inputShape: readonly [number, number, number, number];
  readonly numClasses: number | null;
  readonly isTraining: boolean;
  readonly globalPool: boolean;
  readonly outputStride: number | null;
  /** `data` is null where it is long; the output is one of the end points then too. */
  readonly output: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: readonly number[] | null;
  };
  readonly outputRange: number;
  readonly endPoints: readonly Statistics[];
  readonly movingStatisticsAfterUpdate?: readonly Statistics[];
}

/** Largest error relative to the range of the values. */
const tolerances: Readonly<Record<Device, number>> = { reference: 1e-5, cpu: 1e-4 };

/** The same for what lies inside: there TensorFlow's own rounding shows, where sums cancel out before a relu. */
const innerTolerances: Readonly<Record<Device, number>> = { reference: 3e-5, cpu: 1e-4 };

/** The reference backend is slow: it takes the small images. */
const cases: readonly (readonly [string, readonly Device[]])[] = [
  ['resnet_v1_50_33x33', devices],
  ['resnet_v1_50_65x65', devices],
  ['resnet_v1_50_97x129_batch2', ['cpu']],
  ['resnet_v1_50_224x224', ['cpu']],
  ['resnet_v1_50_features_65x65', ['cpu']],
  ['resnet_v1_50_fcn_65x65', ['cpu']],
  ['resnet_v1_50_fcn_65x65_stride16', ['cpu']],
  ['resnet_v1_50_fcn_65x65_stride8', devices],
  ['resnet_v1_50_fcn_97x97', ['cpu']],
  ['resnet_v1_50_fcn_97x97_stride16', ['cpu']],
  ['resnet_v1_50_fcn_97x97_stride8', ['cpu']],
  ['resnet_v1_50_training_65x65_batch4', ['cpu']],
  ['resnet_v1_101_65x65', ['cpu']],
  ['resnet_v1_101_224x224', ['cpu']],
];

test.each(cases.flatMap(([id, on]) => on.map((device) => [id, device] as const)))('%s on %s', async (id, device) => {
  const f = golden<Fixture>(`nets/${id}.json`);
  const { numClasses, isTraining, globalPool, outputStride } = f;
  const { graph, value } = build(() =>
    withResnetArgScope(() =>
      nets.network(f.network).build(images(f.inputShape), { numClasses, isTraining, globalPool, outputStride }),
    ),
  );
  expect(value.net.name).toBe(f.output.name);
  await withSession(graph, device, async (session) => {
    for (const [name, data] of Object.entries(generatedValues(graph))) await session.write(graph.variable(name), data);
    const updates = graph.getCollection<nets.Network['net']>(slim.GraphKeys.updateOps);
    const { net, ...points } = numbers(
      await session.run({ images: generatedImages(f.inputShape) }, { net: value.net, ...value.endPoints }, { updates }),
    );
    const tolerance = tolerances[device];
    expect(net?.shape).toEqual(f.output.shape);
    if (f.output.data !== null)
      expect(largestDifference(net?.data ?? [], f.output.data)).toBeLessThan(tolerance * f.outputRange);
    expect(Object.keys(points)).toEqual(f.endPoints.map((p) => p.name));
    for (const expected of f.endPoints) {
      expect(points[expected.name]?.shape).toEqual(expected.shape);
      expectStatistics(points[expected.name]?.data ?? [], expected, innerTolerances[device]);
    }
    for (const expected of f.movingStatisticsAfterUpdate ?? []) {
      expectStatistics(
        Array.from((await session.read(graph.variable(expected.name))) as Float32Array),
        expected,
        innerTolerances[device],
      );
    }
  });
});
