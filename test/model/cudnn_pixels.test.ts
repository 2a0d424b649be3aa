/**
 * Small networks that are fed bytes, on the backend for GPUs: they go up as they are, and one kernel makes of them what the first convolution
 * reads. The results have the bits of those from floats that were prepared outside, and are near float32's on the CPU.
 */
import '../helpers/discrete_device.js';
import type { Tensor } from '../../lib/core/graph.js';
import { Session, type SessionOptions } from '../../lib/runtime/index.js';
import { deviceNamed } from '../../lib/runtime/precision/device.js';
import * as slim from '../../lib/slim/index.js';
import * as nets from '../../lib/slim/nets/index.js';
import { generatedWeights } from '../helpers/network_fixtures.js';
import { build, smallResnet, withResnetArgScope } from '../parity/support.js';

const shape = [2, 28, 28, 3] as const;
const means = [123.68, 116.78, 103.94] as const;
const factors = [1 / 58, 1 / 57, 1 / 57.5] as const;

const pixels = Uint8Array.from(
  { length: shape.reduce<number>((a, b) => a * b, 1) },
  (_, i) => (i * 37 + (i >> 5) * 11) % 256,
);

/** What the kernel computes, step by step in float32. */
const floats = Float32Array.from(pixels, (v, i) => {
  const channel = i % 3;
  const centred = Math.fround(v - Math.fround(means[channel] as number));
  return Math.fround(centred * Math.fround(factors[channel] as number));
});

/** As VGG's, which are too wide to be computed in software: layers with biases, poolings, and fully connected ones. */
function smallVgg(images: Tensor): Tensor {
  return slim.argScope(nets.vggArgScope(), () => {
    let net = slim.repeat(images, 2, slim.conv2d, 16, [3, 3], { scope: 'conv1' });
    net = slim.maxPool2d(net, [2, 2], { scope: 'pool1' });
    net = slim.repeat(net, 2, slim.conv2d, 24, [3, 3], { scope: 'conv2' });
    net = slim.maxPool2d(net, [2, 2], { scope: 'pool2' });
    net = slim.conv2d(net, 40, [7, 7], { padding: 'VALID', scope: 'fc6' });
    net = slim.fullyConnected(slim.flatten(net), 33, { scope: 'fc7' });
    return slim.fullyConnected(net, 10, { activationFn: null, scope: 'fc8' });
  });
}

const networks = {
  resnet: (images: Tensor) =>
    withResnetArgScope(() => smallResnet(images, { numClasses: 10, isTraining: false, spatialSqueeze: true }).net),
  vgg: smallVgg,
} as const;
type Name = keyof typeof networks;

/** From bytes, or from floats. */
function network(name: Name, from: 'uint8' | 'float32') {
  return build(() => {
    const images = slim.placeholder(from, shape, { name: 'images' });
    if (from === 'float32') return networks[name](images);
    const centred = slim.subtract(slim.cast(images, 'float32'), slim.constant([...means]));
    return networks[name](slim.multiply(centred, slim.constant([...factors])));
  });
}

async function computed(
  { graph, value: net }: ReturnType<typeof network>,
  images: Uint8Array | Float32Array,
  options: SessionOptions,
) {
  const session = await Session.create(graph, options);
  try {
    for (const { name, data } of generatedWeights(graph)) session.write(name, data);
    const logits = (await session.run({ images }, { net })).net.data as Float32Array;
    const calibration = options.device === 'cpu' ? await session.calibrate({ net }, [{ images }]) : undefined;
    return { logits, plan: await session.plan({ net }), calibration };
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** How far logits may be off, in parts of their range: networks that are so narrow lose more in int8 than those that are used. */
const limits = { float32: 1e-5, bfloat16: 0.05, int8: 0.5 } as const;

const software = deviceNamed('cudnn-software');
if (!software.available) console.log(`No network reads bytes on cudnn-software: ${software.reason}.`);

const cases = (Object.keys(networks) as Name[]).flatMap((name) =>
  (Object.keys(limits) as (keyof typeof limits)[]).map((precision) => [name, precision] as const),
);

test.each(software.available ? cases : [])('%s in %s', async (name, precision) => {
  const exact = await computed(network(name, 'float32'), floats, { device: 'cpu', precision: 'float32' });
  const options: SessionOptions = {
    device: 'cudnn-software',
    precision,
    ...(precision === 'int8' && exact.calibration ? { calibration: exact.calibration } : {}),
  };
  const [fromBytes, fromFloats] = [
    await computed(network(name, 'uint8'), pixels, options),
    await computed(network(name, 'float32'), floats, options),
  ];
  expect(fromBytes.logits).toEqual(fromFloats.logits);

  const range = Math.max(...exact.logits) - Math.min(...exact.logits);
  const worst = Math.max(...exact.logits.map((v, i) => Math.abs(v - (fromBytes.logits[i] as number))));
  expect(worst / range).toBeLessThan(limits[precision]);
  if (precision !== 'float32') expect(fromBytes.plan).toContain(` as ${precision}`);

  // One step before the first convolution.
  const steps = fromBytes.plan.slice(fromBytes.plan.indexOf('main:')).split('\n');
  const before = steps.slice(
    0,
    steps.findIndex((line) => line.includes(' = conv2d(')),
  );
  const made = before.filter((line) => / = (?!input\()/.test(line));
  expect(made).toEqual([expect.stringMatching(/ = cast\(%\d+\) \{.*\} post\[bias\(%\d+\), scale\(%\d+\)\]/)]);
  expect(made[0]?.includes('cudnn:filled:bfloat16:1568,3,8')).toBe(precision !== 'float32');
});
