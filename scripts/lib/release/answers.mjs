/**
 * What the addon of a platform computes, for comparison with another one's: run by that platform's Node in a project that has slimnet installed,
 * it prints one object, `{cpu, answers: {case: {reference, cpu, ...}}}` with arrays of numbers. The comparison is in trials/platforms.mjs.
 */
import { devices, Graph, gradients, nets, optimizers, placeholder, Session, slim } from 'slimnet';

const size = 16;

/** The same numbers on every machine. */
function values(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  });
}

const images = (channels, batch = 2) => ({
  shape: [batch, size, size, channels],
  data: values(batch * size * size * channels, 7 + channels),
});

/** What is made of images of so many channels. */
const cases = {
  'conv 3x3': [8, (x) => slim.conv2d(x, 16, [3, 3])],
  'conv 3x3, 32 channels': [32, (x) => slim.conv2d(x, 32, [3, 3])],
  'conv 1x1 with stride': [16, (x) => slim.conv2d(x, 24, [1, 1], { stride: 2 })],
  'conv 7x7 with stride': [3, (x) => slim.conv2d(x, 16, [7, 7], { stride: 2 })],
  'dilated conv': [8, (x) => slim.conv2d(x, 8, [3, 3], { rate: 2 })],
  'conv of odd channels': [5, (x) => slim.conv2d(x, 7, [5, 3], { padding: 'VALID' })],
  'batch norm': [
    8,
    (x) => slim.conv2d(x, 8, [3, 3], { normalizerFn: slim.batchNorm, normalizerParams: { isTraining: false } }),
  ],
  'max pooling': [8, (x) => slim.maxPool2d(x, [3, 3], { stride: 2, padding: 'SAME' })],
  'average pooling': [8, (x) => slim.avgPool2d(x, [2, 2])],
  'fully connected': [4, (x) => slim.fullyConnected(slim.flatten(x), 10, { activationFn: null })],
  softmax: [4, (x) => slim.softmax(slim.fullyConnected(slim.flatten(x), 10, { activationFn: null }))],
  'gradient of a convolution': [
    8,
    (x) => {
      const y = slim.conv2d(x, 16, [3, 3], { stride: 2 });
      return gradients(slim.reduceSum(slim.square(y)), [x])[0];
    },
  ],
  'residual network': [
    3,
    (x) => {
      const blocks = [
        nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 2, stride: 2 }),
        nets.resnetV1Block('block2', { baseDepth: 16, numUnits: 2, stride: 1 }),
      ];
      const options = { numClasses: 10, isTraining: false, scope: 'resnet' };
      return slim.argScope(nets.resnetArgScope(), () => nets.resnetV1(x, blocks, options)).net;
    },
  ],
};

async function answer([channels, build], options) {
  const { shape, data } = images(channels);
  const graph = new Graph({ seed: 1 });
  const y = graph.build(() => build(placeholder('float32', shape, { name: 'x' })));
  const session = await Session.create(graph, { threads: 2, ...options });
  await session.initialize();
  const result = (await session.run({ x: data }, { y })).y.data;
  await session.dispose?.();
  return Array.from(result);
}

/** The losses of a few steps of training. */
async function losses(device) {
  const graph = new Graph({ seed: 1 });
  const { trainOp, loss } = graph.build(() => {
    const x = placeholder('float32', [8, size, size, 3], { name: 'x' });
    const labels = placeholder('int32', [8], { name: 'labels' });
    const block = nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 2, stride: 1 });
    const { net } = slim.argScope(nets.resnetArgScope(), () =>
      nets.resnetV1(x, [block], { numClasses: 4, isTraining: true, spatialSqueeze: true, scope: 'resnet' }),
    );
    const total = slim.losses.sparseSoftmaxCrossEntropy(net, labels);
    return { trainOp: slim.learning.createTrainOp(total, optimizers.momentum(0.01, 0.9)), loss: total };
  });
  const session = await Session.create(graph, { device, threads: 2, precision: 'float32' });
  await session.initialize();
  const seen = [];
  for (let step = 0; step < 4; step++) {
    const feeds = {
      x: values(8 * size * size * 3, 11 + step),
      labels: Int32Array.from({ length: 8 }, (_, i) => i % 4),
    };
    seen.push((await session.run(feeds, { trainOp, loss })).loss.data[0]);
  }
  return seen;
}

const ways = {
  reference: { device: 'reference', precision: 'float32' },
  cpu: { device: 'cpu', precision: 'float32' },
  'cpu, bfloat16': { device: 'cpu', precision: 'bfloat16' },
};
const answers = {};
for (const [name, each] of Object.entries(cases)) {
  answers[name] = {};
  for (const [way, options] of Object.entries(ways)) answers[name][way] = await answer(each, options);
}
answers.training = { reference: await losses('reference'), cpu: await losses('cpu') };
const [cpu] = devices();
console.log(JSON.stringify({ cpu: `${cpu.hardware ?? ''} ${(cpu.features ?? []).join(' ')}`.trim(), answers }));
