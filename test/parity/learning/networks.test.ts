/**
 * Whole networks in training against TensorFlow in float64: losses, gradients, updated variables and slots. No tensor may be further away than
 * three times what TensorFlow's own float32 is (scripts/golden/make_training.py tells how distances are taken without storing tensors).
 */

import { join } from 'node:path';
import {
  Graph,
  nets,
  optimizers,
  placeholder,
  Session,
  slim,
  type Tensor,
  type TensorValue,
} from '../../../lib/index.js';
import { trainOpInfo } from '../../../lib/train/index.js';
import { hash, streams, variableValues } from '../../../scripts/golden/generator.mjs';
import { devices } from '../../helpers/devices.js';
import { uniform } from '../../helpers/generator.js';
import { golden, goldenFolder } from '../../helpers/golden.js';

interface Sketched {
  readonly name: string;
  readonly norm: number;
  /** Of TensorFlow's float32 from its float64. */
  readonly distance: number;
  readonly sketch: readonly number[];
}

interface Step {
  readonly step: number;
  readonly loss: number;
  readonly lossDistance: number;
  readonly gradients: readonly Sketched[];
  readonly variables?: readonly Sketched[];
}

interface Fixture {
  readonly shape: readonly [number, number, number, number];
  readonly steps: readonly Step[];
}

const classes = 5;
/** What a value rounded to float32 is off by at most, relative to it. */
const rounding = 2 ** -24;

/** The sums of all elements under patterns of signs. */
function sketchOf(values: ArrayLike<number>, count: number): number[] {
  return Array.from({ length: count }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++)
      sum += hash(i, 5000 + k) < 0.5 ? -(values[i] as number) : (values[i] as number);
    return sum / Math.sqrt(count);
  });
}

function distanceFrom({ norm, sketch }: Sketched, values: ArrayLike<number>): number {
  const actual = sketchOf(values, sketch.length);
  const off = Math.hypot(...sketch.map((v, k) => v - (actual[k] as number)));
  return norm > 0 ? off / norm : off;
}

const small = (block: typeof nets.resnetV1Block) => [
  block('block1', { baseDepth: 2, numUnits: 2, stride: 2 }),
  block('block2', { baseDepth: 3, numUnits: 2, stride: 1 }),
];
const options = { scope: 'resnet', numClasses: classes, isTraining: true };
const builders: Readonly<Record<string, (images: Tensor) => Tensor>> = {
  small_v1: (images) => nets.resnetV1(images, small(nets.resnetV1Block), options).net,
  small_v2: (images) => nets.resnetV2(images, small(nets.resnetV2Block), options).net,
  resnet_v1_50: (images) => nets.resnetV1_50(images, { numClasses: classes, isTraining: true }).net,
};

/** The network of a fixture, with the loss and the optimizer with which TensorFlow trained it. */
function trained(id: string, [batch, ...image]: Fixture['shape']) {
  const graph = new Graph();
  const trainOp = graph.build(() => {
    const images = placeholder('float32', [batch, ...image], { name: 'images' });
    const labels = placeholder('int32', [batch], { name: 'labels' });
    const net = slim.argScope(nets.resnetArgScope({ weightDecay: 0.001, batchNormDecay: 0.9 }), () =>
      (builders[id] as (x: Tensor) => Tensor)(images),
    );
    slim.losses.sparseSoftmaxCrossEntropy(slim.reshape(net, [batch, classes]), labels);
    return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.momentum(0.0625, 0.9));
  });
  return { graph, trainOp };
}

const feedsOf = (step: number, shape: Fixture['shape']) => ({
  images: Float32Array.from(
    uniform(
      shape.reduce((a, b) => a * b),
      1000 + step,
    ),
  ),
  labels: Int32Array.from({ length: shape[0] }, (_, i) => Math.floor(classes * hash(i, 4000 + step))),
});

function writeGenerated(session: Session, graph: Graph): void {
  const model = graph.getCollection<{ name: string; shape: readonly number[] }>('model_variables');
  const order = streams(model.map(({ name }) => name));
  for (const { name, shape } of model)
    session.write(name, variableValues(name, shape, order.get(name) as number) as Float32Array);
}

/** Makes a step, and says what is further from TensorFlow than it may be, and the largest ratios. */
async function compare(session: Session, trainOp: Tensor, expected: Step, shape: Fixture['shape']): Promise<string[]> {
  const { gradients } = trainOpInfo(trainOp);
  const fetches = Object.fromEntries(gradients.map(([tensor, { name }]) => [name, tensor as Tensor]));
  const results: Readonly<Record<string, TensorValue>> = await session.run(feedsOf(expected.step, shape), {
    ...fetches,
    loss: trainOp,
  });
  const wrong: string[] = [];
  const check = (what: string, off: number, own: number): void => {
    const allowed = 3 * Math.max(own, rounding);
    if (!(off <= allowed)) wrong.push(`step ${expected.step}: ${what}: ${off}, TensorFlow's float32 ${own}`);
  };
  check('loss', Math.abs(Number(results.loss?.data[0]) - expected.loss) / expected.loss, expected.lossDistance);
  for (const item of expected.gradients)
    check(`gradient of ${item.name}`, distanceFrom(item, results[item.name]?.data as Float32Array), item.distance);
  for (const item of expected.variables ?? [])
    check(item.name, distanceFrom(item, session.read(item.name) as Float32Array), item.distance);
  return wrong;
}

describe.each(devices)('on %s', (device) => {
  test.each([
    ['small_v1', 10],
    ['small_v2', 20],
  ])('%s: step %i, from a checkpoint of TensorFlow with its slots', async (id, at) => {
    const { shape, steps } = golden<Fixture>(`training/${id}.json`);
    const { graph, trainOp } = trained(id, shape);
    await using session = await Session.create(graph, { device, precision: 'float32' });
    await session.restore(join(goldenFolder, 'training', id, `model.ckpt-${at - 1}`));
    expect(session.read('global_step')[0]).toBe(BigInt(at - 1));
    const step = steps.find((s) => s.step === at) as Step;
    expect(await compare(session, trainOp, step, shape)).toEqual([]);
    expect(session.read('global_step')[0]).toBe(BigInt(at));
  });

  if (device === 'cudnn-software') {
    console.log('No other steps are made on cudnn-software: interpreting its plans takes minutes.');
    return;
  }

  test.each(['small_v1', 'small_v2'])('%s: steps 1 to 3', async (id) => {
    const { shape, steps } = golden<Fixture>(`training/${id}.json`);
    const { graph, trainOp } = trained(id, shape);
    await using session = await Session.create(graph, { device, precision: 'float32' });
    await session.initialize();
    writeGenerated(session, graph);
    const wrong: string[] = [];
    for (const step of steps.filter((s) => s.step <= 3)) wrong.push(...(await compare(session, trainOp, step, shape)));
    expect(wrong).toEqual([]);
  });

  test('resnet_v1_50: the gradients of a step', async () => {
    const { shape, steps } = golden<Fixture>('training/resnet_v1_50.json');
    const { graph, trainOp } = trained('resnet_v1_50', shape);
    await using session = await Session.create(graph, { device, precision: 'float32' });
    await session.initialize();
    writeGenerated(session, graph);
    expect(await compare(session, trainOp, steps[0] as Step, shape)).toEqual([]);
  });
});
