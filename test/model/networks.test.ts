/** Whole networks with the generator's weights against what TensorFlow and tf_slim compute (scripts/golden/README.md). */
import '../helpers/discrete_device.js';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Graph, Tensor, Variable } from '../../lib/core/graph.js';
import { encode } from '../../lib/plan/encode.js';
import { Session, type TensorValue } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { imageStream, streams, variableSpread } from '../../scripts/golden/generator.mjs';
import { golden, goldenFolder } from '../helpers/golden.js';
import {
  generatedImages,
  type LongOutput,
  largestDifference,
  type NetworkFixture,
  type Statistics,
  statisticsErrors,
  type Weights,
  writeGeneratedWeights,
} from '../helpers/network_fixtures.js';
import { Recording } from '../helpers/recording.js';
import { usualCases } from '../helpers/thorough.js';
import { build, type Form, images, slimNetworks, smallResnet, withResnetArgScope } from '../parity/support.js';

/**
 * Largest errors relative to the range of the values, where TensorFlow's own rounding does not ask for more. Behind a relu the
 * range of a map may be a small part of what it was computed from, whose rounding it keeps.
 */
const tolerances = {
  cpu: { output: 1e-4, endPoints: 2e-4 },
  reference: { output: 1e-5, endPoints: 4e-5 },
  'cudnn-software': { output: 1e-5, endPoints: 4e-5 },
} as const;
type Device = keyof typeof tolerances;

function tolerance(device: Device, what: 'output' | 'endPoints', { float32Error }: NetworkFixture): number {
  return Math.max(tolerances[device][what], 6 * float32Error);
}

/** What the reference backend, which computes plainly, does in a few seconds. */
const forReference =
  /^small_v[12]_(pooled|training|features|rootless|fcn_33|fcn_40)|^resnet_v1_50_(33x33|65x65|fcn_65x65_stride8)$|^resnet_v2_50_33x33$/;

/** What others show at other sizes: each network, each stride and each kind of output is left without these. */
const large = {
  cpu: /^resnet_v[12]_50_fcn_97x97|^resnet_v1_101_224x224$|^vgg_(19_224x224|16_fcn_256x256|a_fcn_256x256)$/,
  reference: /^resnet_v1_50_(65x65|fcn_65x65_stride8)$/,
  'cudnn-software': /^resnet_v1_50_(65x65|fcn_65x65_stride8)$/,
} as const satisfies Record<Device, RegExp>;

const fixtures = readdirSync(join(goldenFolder, 'nets')).map((file) => golden<NetworkFixture>(join('nets', file)));

const simple = fixtures.filter(({ id }) => forReference.test(id));
const run = {
  cpu: usualCases('Networks on oneDNN', fixtures, ({ id }) => !large.cpu.test(id)),
  reference: usualCases('Networks on reference', simple, ({ id }) => !large.reference.test(id)),
  'cudnn-software': usualCases('Networks on cudnn-software', simple, ({ id }) => !large['cudnn-software'].test(id)),
};

/** Weights of the network that was drawn last, where others of it follow. */
const drawn = { network: '', weights: new Map() as Weights };

function weightsOf({ network }: NetworkFixture): Weights | undefined {
  // VGG's are too large to be kept.
  if (run.cpu.filter((other) => other.network === network).length === 1 || network.startsWith('vgg')) return undefined;
  if (drawn.network !== network) Object.assign(drawn, { network, weights: new Map() });
  return drawn.weights;
}

const smallForms: Readonly<Record<string, Form>> = { small: 'v1', small_v2: 'v2' };

function network(f: NetworkFixture): { readonly graph: Graph; readonly value: nets.Network } {
  const { numClasses, isTraining, globalPool, outputStride, includeRootBlock, spatialSqueeze } = f;
  const form = smallForms[f.network];
  return build(() => {
    const inputs = images(f.inputShape);
    const residual = { numClasses, isTraining, globalPool, outputStride };
    if (form !== undefined)
      return withResnetArgScope(() => smallResnet(inputs, { ...residual, includeRootBlock }, form));
    const { argScope, build: network } = nets.network(f.network);
    const options = spatialSqueeze === undefined ? residual : { numClasses, isTraining, spatialSqueeze };
    return slim.argScope(argScope(), () => network(inputs, options));
  });
}

const recording = new Recording('networks');
afterAll(() => recording.end());

/** Sum, sum of the absolute values, extremes and samples: what a bundle keeps of a long tensor. */
function statistics({ sum, absSum, min, max, samples }: LongOutput | Statistics): Float64Array {
  return Float64Array.of(sum, absSum, min, max, ...samples);
}

/** Records the network with its output alone, and once more with all that the fixture knows. */
function record(f: NetworkFixture): void {
  if (!recording.on) return;
  const {
    graph,
    value: { net, endPoints },
  } = network(f);
  const model = graph.getCollection<Variable>(slim.GraphKeys.modelVariables);
  const stream = streams(model.map(({ name }) => name));
  const variables = Object.fromEntries(
    model.map(({ name, shape }) => [name, { stream: stream.get(name) as number, ...variableSpread(name, shape) }]),
  );
  const feeds = { images: { stream: imageStream, scale: 1, offset: 0 } };
  const [allowed, within] = [tolerance('cpu', 'output', f), tolerance('cpu', 'endPoints', f)];
  const stored = (tensor: LongOutput | Statistics, limit: number) => ({
    data: statistics(tensor),
    measure: { statistics: limit },
  });
  const { output: last } = f;
  const output =
    last.data === null
      ? stored(last, allowed)
      : { data: Float32Array.from(last.data), measure: { relative: 0, absolute: allowed * f.outputRange } };
  const slowOnReference = !forReference.test(f.id);
  const plan = encode({ graph, fetches: new Map([['output', net]]) });
  recording.addPlan(f.id, plan, { variables, feeds, outputs: { output }, slowOnReference });
  const whole = encode({
    graph,
    fetches: new Map([['output', net], ...Object.entries(endPoints)]),
    updates: graph.getCollection<Tensor>(slim.GraphKeys.updateOps),
  });
  recording.addPlan(`${f.id}, every end point`, whole, {
    variables,
    feeds,
    outputs: { output, ...Object.fromEntries(f.endPoints.map((point) => [point.name, stored(point, within)])) },
    after: Object.fromEntries((f.movingStatisticsAfterUpdate ?? []).map((s) => [s.name, stored(s, within)])),
    slowOnReference,
  });
}

async function check(f: NetworkFixture, device: Device): Promise<void> {
  const {
    graph,
    value: { net, endPoints },
  } = network(f);
  expect(graph.getCollection(slim.GraphKeys.modelVariables)).toHaveLength(f.modelVariables);
  expect(net.name).toBe(f.output.name);
  expect(Object.keys(endPoints)).toEqual(f.endPoints.map(({ name }) => name));
  const session = await Session.create(graph, { device });
  try {
    writeGeneratedWeights(graph, (name, data) => session.write(name, data), weightsOf(f));
    const feeds = { images: generatedImages(f.inputShape) };
    const [allowed, within] = [tolerance(device, 'output', f), tolerance(device, 'endPoints', f)];
    // Fetched alone, as for inference: everything that can be fused is fused.
    const { net: alone } = await session.run(feeds, { net });
    const updates = graph.getCollection<Tensor>(slim.GraphKeys.updateOps);
    const fetches: Record<string, Tensor> = { output: net, ...endPoints };
    const { output, ...points } = await session.run(feeds, fetches, { updates });
    for (const result of [alone, output as TensorValue]) expectOutput(result, f, allowed);
    for (const expected of f.endPoints) expectTensor(points[expected.name] as TensorValue, expected, within);
    for (const expected of f.movingStatisticsAfterUpdate ?? []) {
      const data = session.read(expected.name);
      expectTensor({ dtype: 'float32', shape: graph.variable(expected.name).shape, data }, expected, within);
    }
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

function expectOutput(actual: TensorValue, { output, outputRange }: NetworkFixture, allowed: number): void {
  expect(actual.shape).toEqual(output.shape);
  if (output.data === null) expectTensor(actual, output, allowed);
  else expect(largestDifference(actual.data as Float32Array, output.data) / outputRange).toBeLessThanOrEqual(allowed);
}

function expectTensor(actual: TensorValue, expected: LongOutput | Statistics, allowed: number): void {
  const { name, shape } = expected;
  expect({ name, shape: actual.shape }).toEqual({ name, shape });
  const errors = statisticsErrors(actual.data as Float32Array, expected);
  const wrong = Object.fromEntries(Object.entries(errors).filter(([, error]) => !(error <= allowed)));
  expect({ name, wrong }).toEqual({ name, wrong: {} });
}

test('there is a fixture for every network of Slim, and for the small ones in either mode', () => {
  const inference = run.cpu.filter(({ isTraining }) => !isTraining).map(({ network }) => network);
  expect([...new Set(inference)].sort()).toEqual([...slimNetworks, ...Object.keys(smallForms)].sort());
  const training = run.cpu.filter(({ isTraining }) => isTraining).map(({ network }) => network);
  expect(training).toEqual(expect.arrayContaining(['resnet_v1_50', 'resnet_v2_50', ...Object.keys(smallForms)]));
  for (const cases of [run.reference, run['cudnn-software']])
    expect([...new Set(cases.map(({ network }) => network))].sort()).toEqual([
      'resnet_v1_50',
      'resnet_v2_50',
      'small',
      'small_v2',
    ]);
});

// What they must give is TensorFlow's: nothing need be run for it.
if (recording.on) {
  test('all are recorded', () => {
    for (const f of fixtures) record(f);
  });
}

test.each(run.cpu.map((f) => [f.id, f] as const))('%s on oneDNN: output and every end point as TensorFlow', (_, f) =>
  check(f, 'cpu'),
);

test.each(run.reference.map((f) => [f.id, f] as const))(
  '%s on the reference backend (which leaves out the large ones): output and every end point as TensorFlow',
  (_, f) => check(f, 'reference'),
);

// The interpreter takes its time: of those that the reference backend computes.
const software = deviceNamed('cudnn-software');
if (software.available) {
  test.each(run['cudnn-software'].map((f) => [f.id, f] as const))(
    '%s by the plans of cuDNN, interpreted: output and every end point as TensorFlow',
    (_, f) => check(f, 'cudnn-software'),
  );
} else {
  console.log(`No network runs on cudnn-software: ${software.reason}.`);
}
