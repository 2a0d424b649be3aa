/** Whole networks with the generator's weights against what TensorFlow and tf_slim compute (scripts/golden/README.md). */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph, Tensor } from '../../lib/core/graph.js';
import { Session } from '../../lib/runtime/session.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { golden, goldenFolder } from '../helpers/golden.js';
import { type Device, type Statistics, devices, expectStatistics, generatedImages, generatedValues, largestDifference, numbers } from '../parity/numbers.js';
import { build, images, smallResnet, withResnetArgScope } from '../parity/support.js';

interface Fixture {
  readonly id: string;
  readonly network: string;
  readonly inputShape: readonly [number, number, number, number];
  readonly numClasses: number | null;
  readonly isTraining: boolean;
  readonly globalPool: boolean;
  readonly outputStride: number | null;
  readonly includeRootBlock: boolean;
  readonly modelVariables: number;
  /** `data` is null where it is long; the output is one of the end points then too. */
  readonly output: { readonly name: string; readonly shape: readonly number[]; readonly data: readonly number[] | null };
  readonly outputRange: number;
  /** Largest difference between TensorFlow's float32 and float64 outputs, relative to the range. */
  readonly float32Error: number;
  readonly endPoints: readonly Statistics[];
  readonly movingStatisticsAfterUpdate?: readonly Statistics[];
}

/** Largest error relative to the range of the values, where TensorFlow's own rounding does not ask for more. */
const tolerances: Readonly<Record<Device, number>> = { reference: 1e-5, cpu: 1e-4 };

function tolerance(device: Device, { float32Error }: Fixture): number {
  return Math.max(tolerances[device], 6 * float32Error);
}

/** The reference backend computes plainly, a minute for these: it takes the others. */
const tooLargeForReference = /_224x224$|^resnet_v1_101|^resnet_v1_50_fcn_97x97_stride|^small_v1_fcn_321x321_stride8$/;

const fixtures = readdirSync(join(goldenFolder, 'nets')).map((file) => golden<Fixture>(join('nets', file)));
const cases = fixtures.flatMap((f) => devices.filter((device) => device === 'cpu' || !tooLargeForReference.test(f.id)).map((device) => [f.id, device, f] as const));

function network(f: Fixture): { readonly graph: Graph; readonly value: nets.Network } {
  const { numClasses, isTraining, globalPool, outputStride, includeRootBlock } = f;
  return build(() =>
    withResnetArgScope(() => {
      const options = { numClasses, isTraining, globalPool, outputStride };
      if (f.network === 'small') return smallResnet(images(f.inputShape), { ...options, includeRootBlock });
      return nets.network(f.network).build(images(f.inputShape), options);
    }),
  );
}

async function withGeneratedWeights<T>(graph: Graph, device: Device, body: (session: Session) => Promise<T>): Promise<T> {
  await using session = await Session.create(graph, { device });
  for (const [name, data] of Object.entries(generatedValues(graph))) session.write(name, data);
  return body(session);
}

describe('networks that TensorFlow computed, at the end and at every end point (reference: all but the large ones)', () => {
  test.each(cases)('%s on %s', async (_, device, f) => {
    const { graph, value: { net, endPoints } } = network(f);
    expect(graph.getCollection(slim.GraphKeys.modelVariables)).toHaveLength(f.modelVariables);
    expect(net.name).toBe(f.output.name);
    expect(Object.keys(endPoints)).toEqual(f.endPoints.map(({ name }) => name));
    await withGeneratedWeights(graph, device, async (session) => {
      const feeds = { images: generatedImages(f.inputShape) };
      // Fetched alone, as for inference: everything that can be fused is fused.
      expectOutput((await numbers(await session.run(feeds, { net }))).net, f, device);
      const updates = graph.getCollection<Tensor>(slim.GraphKeys.updateOps);
      const { output, ...points } = numbers(await session.run(feeds, { output: net, ...endPoints }, { updates }));
      expectOutput(output, f, device);
      for (const expected of f.endPoints) {
        expect({ name: expected.name, shape: points[expected.name]?.shape }).toEqual({ name: expected.name, shape: expected.shape });
        expectStatistics(points[expected.name]?.data ?? [], expected, tolerance(device, f));
      }
      for (const expected of f.movingStatisticsAfterUpdate ?? []) {
        expectStatistics(Array.from(session.read(expected.name) as Float32Array), expected, tolerance(device, f));
      }
    });
  }, 120_000);
});

function expectOutput(actual: { readonly shape: readonly number[]; readonly data: number[] } | undefined, f: Fixture, device: Device): void {
  expect(actual?.shape).toEqual(f.output.shape);
  const statistics = f.endPoints.find(({ name }) => name.endsWith('/logits')) ?? f.endPoints.findLast(({ shape }) => shape.join() === f.output.shape.join());
  if (f.output.data !== null) {
    expect(largestDifference(actual?.data ?? [], f.output.data)).toBeLessThan(tolerance(device, f) * f.outputRange);
  } else if (statistics !== undefined) {
    expectStatistics(actual?.data ?? [], statistics, tolerance(device, f));
  }
  expect(f.output.data !== null || statistics !== undefined).toBe(true);
}
