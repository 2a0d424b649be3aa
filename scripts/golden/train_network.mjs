// Trains a published network from the generator's weights, and leaves the values that it began with, and each step's loss, gradients and
// variables: node train_network.mjs '{"network": "resnet_v1_50", "folder": ..., ...}'. compare_training.py starts it and compares them with
// TensorFlow's. Needs dist (`npm run build:ts`) and the addon.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, gradients, nets, optimizers, placeholder, Session, slim } from '../../dist/index.js';
import { hash, imageStream, streams, variableValues } from './generator.mjs';

const { network, folder, batch, side, classes, rate, momentum, labelStream, steps, runs, device } = JSON.parse(
  process.argv[2],
);

const scopes = {
  resnet: () => nets.resnetArgScope({ weightDecay: 0.001, batchNormDecay: 0.9 }),
  vgg: () => nets.vggArgScope({ weightDecay: 0.001 }),
};
const family = network.startsWith('vgg') ? 'vgg' : 'resnet';
/** Which numbers dropout draws is TensorFlow's own affair: it is left out. */
const without = family === 'vgg' ? { dropoutKeepProb: 1 } : {};

const graph = new Graph();
const { loss, trainOp } = graph.build(() => {
  const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
  const labels = placeholder('int32', [batch], { name: 'labels' });
  const { net } = slim.argScope(scopes[family](), () =>
    nets.network(network).build(images, { numClasses: classes, isTraining: true, ...without }),
  );
  slim.losses.sparseSoftmaxCrossEntropy(slim.reshape(net, [batch, classes]), labels);
  const total = slim.losses.getTotalLoss();
  return { loss: total, trainOp: slim.learning.createTrainOp(total, optimizers.momentum(rate, momentum)) };
});
const trainable = graph.getCollection('trainable_variables');
const slopes = graph.build(() => gradients(loss, trainable));
const fetches = Object.fromEntries(trainable.map(({ name }, i) => [name, slopes[i]]));
const model = graph.getCollection('model_variables').map(({ name, shape }) => ({ name, shape }));

function draw(count, stream, scale, offset) {
  return Float32Array.from({ length: count }, (_, i) => offset + scale * hash(i, stream));
}

/** Writes float32 values one after the other, in the order of `names`. */
function writeAll(path, names, read) {
  const file = openSync(path, 'w');
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = read(name);
    for (let at = 0; at < byteLength; )
      at += writeSync(file, new Uint8Array(buffer, byteOffset + at, Math.min(byteLength - at, 2 ** 30)));
  }
  closeSync(file);
}

const session = await Session.create(graph, { device, precision: 'float32' });
await session.initialize();
const names = model.map(({ name }) => name);
const order = streams(names);
const start = new Map(model.map(({ name, shape }) => [name, variableValues(name, shape, order.get(name))]));
writeAll(join(folder, 'start.bin'), names, (name) => start.get(name));
const losses = [];
for (let run = 0; run < runs; run++) {
  if (run > 0) await session.initialize();
  for (const [name, value] of start) session.write(name, value);
  if (runs === 1) start.clear();
  for (let step = 0; step < steps; step++) {
    const stream = run * steps + step;
    const feeds = {
      images: draw(batch * side * side * 3, imageStream + stream, 2, -1),
      labels: Int32Array.from({ length: batch }, (_, i) => Math.floor(classes * hash(i, labelStream + stream))),
    };
    // Apart from the step, which changes the variables that gradients read.
    const found = await session.run(feeds, fetches);
    writeAll(join(folder, `gradients-${stream}.bin`), Object.keys(fetches), (name) => found[name].data);
    losses.push((await session.run(feeds, { trainOp })).trainOp.data[0]);
    writeAll(join(folder, `variables-${stream}.bin`), names, (name) => session.read(name));
  }
}
writeFileSync(
  join(folder, 'training.json'),
  JSON.stringify({ model, trainable: trainable.map(({ name, shape }) => ({ name, shape })), losses }),
);
session.dispose();
