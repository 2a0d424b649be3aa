/** Whole small networks in training mode, in float64 on `reference`, against finite differences. */
import { allocate, type TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../lib/core/graph.js';
import { gradients, nets, placeholder, slim } from '../../lib/index.js';
import * as ops from '../../lib/ops/index.js';
import { vocabulary as v } from '../../lib/ops/vocabulary.js';
import { uniform } from '../helpers/generator.js';
import { type Computation, compile } from '../helpers/run.js';

/** Small: rectifiers that the step takes across 0 would count. */
const step = 1e-8;
/** Random directions in which all variables move together. */
const directions = 6;
const classes = 5;

const blocks = (block: typeof nets.resnetV1Block) => [
  block('block1', { baseDepth: 2, numUnits: 2, stride: 2 }),
  block('block2', { baseDepth: 3, numUnits: 2, stride: 1 }),
];
const options = { scope: 'resnet', numClasses: classes, isTraining: true, spatialSqueeze: true };

/** What a network makes of images [2,H,W,3]: logits [2,classes]. */
const networks: readonly (readonly [string, readonly [number, number], (images: Tensor) => Tensor])[] = [
  ['resnet_v1', [21, 19], (images) => nets.resnetV1(images, blocks(nets.resnetV1Block), options).net],
  ['resnet_v2', [19, 21], (images) => nets.resnetV2(images, blocks(nets.resnetV2Block), options).net],
  [
    'convolutions, pools, dropout and a dense layer',
    [13, 11],
    (images) => {
      const net = slim.maxPool2d(slim.conv2d(images, 6, 3, { rate: 2 }), 3, { padding: 'SAME' });
      const pooled = slim.avgPool2d(slim.conv2d(net, 8, [3, 2], { activationFn: slim.elu }), 2);
      return slim.fullyConnected(slim.dropout(slim.flatten(pooled), { keepProb: 0.7 }), classes, {
        activationFn: null,
      });
    },
  ],
];

/** Values for a variable of a network in training: of a size that keeps activations near 1. */
function initial({ name, shape }: Variable, k: number): Float64Array {
  const length = shape.reduce((a, b) => a * b, 1);
  if (/gamma|moving_variance/.test(name)) return uniform(length, k, 0.2, 1);
  const fanIn = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  return uniform(length, k, /weights/.test(name) ? Math.sqrt(6 / fanIn) : 0.1);
}

test.each(networks)('%s', async (_, [height, width], build) => {
  const graph = new Graph({ seed: 3 });
  const { loss, slopes, trained } = graph.build(() => {
    const images = placeholder('float64', [2, height, width, 3], { name: 'images' });
    const labels = placeholder('int32', [2], { name: 'labels' });
    const logits = slim.argScope(nets.resnetArgScope(), () => build(images));
    const rows = graph.add(ops.logSoftmax, [logits], {}).outputs[0] as Tensor;
    const picked = graph.add(ops.pick, [rows, labels], {}).outputs[0] as Tensor;
    const sum = v.neg(graph.add(ops.reduceMean, [picked], { axes: [], keep_dims: false }).outputs[0] as Tensor);
    const weights = [...graph.variables.values()].filter((variable) => variable.trainable);
    return { loss: sum, slopes: gradients(sum, weights), trained: weights };
  });
  const variables: Record<string, TypedArray> = {};
  for (const [k, variable] of [...graph.variables.values()].entries()) {
    variables[variable.name] = allocate(variable.dtype, initial(variable, k).length);
    (variables[variable.name] as Float64Array).set(initial(variable, k));
  }
  const feeds = { images: uniform(2 * height * width * 3, 1000), labels: Int32Array.from([0, 3]) };
  const computation: Computation = {
    graph,
    fetches: { loss, ...Object.fromEntries(slopes.map((slope, i) => [`d${i}`, slope])) },
    feeds,
    variables,
  };
  const results = async (changed: Readonly<Record<string, TypedArray>>) => {
    // One run each: dropout draws by the number of the run.
    const compiled = await compile({ ...computation, variables: { ...variables, ...changed } }, 'reference');
    try {
      return await compiled.run();
    } finally {
      compiled.dispose();
    }
  };
  const here = await results({});
  expect(trained.length).toBeGreaterThan(5);
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  for (let k = 0; k < directions; k++) {
    // All variables move at once, each in a direction of its own.
    const ways = trained.map(({ name }, i) => uniform((variables[name] as Float64Array).length, 2000 + 100 * k + i));
    const moved = async (by: number) => {
      const changed = trained.map(({ name }, i): [string, Float64Array] => [
        name,
        (variables[name] as Float64Array).map((x, j) => x + by * (ways[i]?.[j] as number)),
      ]);
      return ((await results(Object.fromEntries(changed))).loss as Float64Array)[0] as number;
    };
    const expected = ((await moved(step)) - (await moved(-step))) / (2 * step);
    const parts = ways.map((way, i) => dot(here[`d${i}`] as Float64Array, way));
    const size = parts.reduce((sum, part) => sum + Math.abs(part), 0);
    expect(Math.abs(parts.reduce((sum, part) => sum + part, 0) - expected) / size).toBeLessThan(1e-6);
  }
});
