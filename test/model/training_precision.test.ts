/** A step of training in bfloat16 beside one in float32 on `reference`: what it costs in accuracy, and that it is bfloat16. */
import '../helpers/devices.js';
import type { TypedArray } from '../../lib/core/dtype.js';
import { Graph, type Tensor } from '../../lib/core/graph.js';
import { gradients, nets, placeholder, slim } from '../../lib/index.js';
import { uniform } from '../helpers/generator.js';
import { availableBackends, type Computation, compile, run } from '../helpers/run.js';

/**
 * Distances from float32, as shares of the length of what is compared; docs/precision.md has them. A value near 0 that rounding takes across
 * it changes the mask of its rectifier: that adds up from layer to layer, so the limit for whole networks is a wide one.
 */
const limits = { layers: { loss: 0.01, all: 0.05, worst: 0.08 }, networks: { loss: 0.02, all: 0.4, worst: 0.8 } };
const [batch, side, classes] = [8, 32, 10];

const blocks = (block: typeof nets.resnetV1Block) => [
  block('block1', { baseDepth: 16, numUnits: 2, stride: 2 }),
  block('block2', { baseDepth: 32, numUnits: 2, stride: 1 }),
];
const options = { scope: 'resnet', numClasses: classes, isTraining: true, spatialSqueeze: true };
const plain = { normalizerFn: null, activationFn: null } as const;
const logits = (net: Tensor) =>
  slim.squeeze(slim.reduceMean(slim.conv2d(net, classes, 1, plain), [1, 2], { keepDims: true }), [1, 2]);
/** Few layers, of each kind that a residual network has. */
const layers = {
  'convolution, norm, relu': (images: Tensor) => logits(slim.conv2d(images, 32, 3)),
  'two paths and their sum': (images: Tensor) => {
    const one = slim.conv2d(images, 32, 3);
    const other = slim.conv2d(images, 32, 1, { activationFn: null });
    return logits(slim.relu(slim.add(one, other)));
  },
  'a sum behind a norm': (images: Tensor) => {
    const one = slim.conv2d(images, 24, 3);
    return logits(slim.relu(slim.add(one, slim.conv2d(one, 24, 3, { activationFn: null }))));
  },
  'odd numbers of channels': (images: Tensor) => logits(slim.conv2d(slim.conv2d(images, 13, 3), 17, 3, { stride: 2 })),
  'strides, pads and pools': (images: Tensor) =>
    logits(slim.maxPool2d(nets.conv2dSame(images, 32, 3, 2), 3, { stride: 2, padding: 'SAME' })),
};
const networks = {
  resnet_v1: (images: Tensor) => nets.resnetV1(images, blocks(nets.resnetV1Block), options).net,
  resnet_v2: (images: Tensor) => nets.resnetV2(images, blocks(nets.resnetV2Block), options).net,
};

function trainingStep(build: (images: Tensor) => Tensor): Computation {
  const graph = new Graph({ seed: 5 });
  return graph.build(() => {
    const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
    const labels = placeholder('int32', [batch], { name: 'labels' });
    const logits = slim.argScope(nets.resnetArgScope(), () => build(images));
    const loss = slim.losses.sparseSoftmaxCrossEntropy(logits, labels);
    const trained = [...graph.variables.values()].filter(({ trainable }) => trainable);
    const slopes = gradients(loss, trained);
    const variables: Record<string, TypedArray> = {};
    for (const [k, { name, shape }] of [...graph.variables.values()].entries()) {
      const length = shape.reduce((a, b) => a * b, 1);
      const fanIn = shape.slice(0, -1).reduce((a, b) => a * b, 1);
      const [scale, offset] = /gamma|variance/.test(name)
        ? [0.2, 1]
        : [/weights/.test(name) ? Math.sqrt(3 / fanIn) : 0.1, 0];
      variables[name] = Float32Array.from(uniform(length, k, scale, offset));
    }
    return {
      graph,
      fetches: { loss, ...Object.fromEntries(trained.map(({ name }, i) => [name, slopes[i] as Tensor])) },
      feeds: {
        images: Float32Array.from(uniform(batch * side * side * 3, 7)),
        labels: Int32Array.from({ length: batch }, (_, i) => (3 * i) % classes),
      },
      variables,
    };
  });
}

/** Distance of two tensors as a share of the first one's length. */
function distance(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0));
  return norm(Array.from(expected, (v, i) => v - (actual[i] as number))) / norm(expected);
}

/**
 * Of each convolution of a plan, there and back: whether all that it reads, but filters, is stored as bfloat16. What the images of a run are
 * turned into by the convolution itself counts as well (`cudnn` fills their channels up in that step).
 */
function convolutions(plan: string, turnsImages: boolean): { readonly op: string; readonly low: boolean }[] {
  const low = new Set<string>();
  const fed = new Set<string>();
  for (const [, value, op, from] of turnsImages ? plan.matchAll(/^(%\d+) = (input|pad)\((%\d+)?/gm) : [])
    if (op === 'input' || fed.has(from as string)) fed.add(value as string);
  for (const line of plan.split('\n')) {
    const made = /^(%\d+)[^=]*= /.exec(line)?.[1];
    if (made !== undefined && / as (bfloat16|\()/.test(line)) low.add(made);
    for (const [, value] of line.matchAll(/(%\d+): bfloat16/g)) low.add(value as string);
  }
  return [...plan.matchAll(/= (conv2d\w*)\((%\d+), (%\d+)\)/g)].map(([, op, first, second]) => {
    const read = { conv2d: [first], conv2d_backward_data: [second], conv2d_backward_filter: [first, second] }[
      op as string
    ];
    const isLow = (value: string) => low.has(value) || (op === 'conv2d' && fed.has(value));
    return { op: op as string, low: (read as string[]).every(isLow) };
  });
}

// `discrete` computes as `reference` does.
const backends = availableBackends().filter(({ name }) => name !== 'null' && name !== 'discrete');
for (const { name, refused } of backends) {
  describe(`bfloat16 on ${name}`, () => {
    const reason = refused.bfloat16;
    if (reason) {
      test('is refused with the reason', async () => {
        console.log(`${name} computes no bfloat16 here: ${reason}`);
        const step = { ...trainingStep(networks.resnet_v1), precision: { precision: 'bfloat16' } as const };
        await expect(compile(step, name)).rejects.toThrow(reason);
      });
      return;
    }
    const cases = [
      ...Object.entries(layers).map(([network, build]) => ({ network, build, limit: limits.layers, ops: 2 })),
      ...Object.entries(networks).map(([network, build]) => ({ network, build, limit: limits.networks, ops: 3 })),
    ];
    test.each(cases)(
      '$network: loss and gradients are near those of float32',
      async ({ network, build, limit, ops }) => {
        const step = trainingStep(build);
        const expected = await run(step, 'reference');
        const compiled = await compile({ ...step, precision: { precision: 'bfloat16' } }, name);
        const actual = await compiled.run();
        const again = await compiled.run();
        const plan = compiled.program.plan();
        compiled.dispose();
        for (const [what, values] of Object.entries(actual)) expect([what, values]).toEqual([what, again[what]]);

        const found = convolutions(plan, name.startsWith('cudnn'));
        expect(new Set(found.map(({ op }) => op)).size).toBeGreaterThanOrEqual(ops);
        expect(found.filter(({ low }) => !low)).toEqual([]);

        const { loss, ...slopes } = expected;
        const names = Object.keys(slopes);
        const together = (values: typeof slopes) => names.flatMap((name) => Array.from(values[name] as Float32Array));
        const all = distance(together(slopes), together(actual as typeof slopes));
        // Of a bias in front of a norm, the gradient is nothing but rounding.
        const felt = names.filter((name) => !name.endsWith('biases') || network in layers);
        const by = felt.map((name) => distance(slopes[name] as ArrayLike<number>, actual[name] as ArrayLike<number>));
        console.log(`${network} on ${name}: all gradients ${all.toFixed(4)}, the worst ${Math.max(...by).toFixed(4)}`);
        expect(distance(loss as ArrayLike<number>, actual.loss as ArrayLike<number>)).toBeLessThan(limit.loss);
        expect(all).toBeLessThan(limit.all);
        expect(Math.max(...by)).toBeLessThan(limit.worst);
      },
    );
  });
}

test('a step keeps filters that it trains in float32: their gradients have digits that bfloat16 has not', async () => {
  const [backend] = backends.filter(({ refused }) => !refused.bfloat16);
  const step = trainingStep(networks.resnet_v1);
  const actual = await run({ ...step, precision: { precision: 'bfloat16' } }, backend?.name as string);
  const bits = new Uint32Array((actual['resnet/conv1/weights'] as Float32Array).buffer);
  expect(Array.from(bits).filter((word) => (word & 0xffff) !== 0).length).toBeGreaterThan(bits.length / 2);
});
