// Trains the fixture's small resnet_v1 for some steps and leaves a checkpoint with all slots: node train_small.mjs FOLDER STEPS
// `check_training.sh` has TensorFlow go on from it. Needs dist (`npm run build:ts`) and the addon.
import { Graph, nets, optimizers, placeholder, Session, slim } from '../../dist/index.js';
import { hash, streams, variableValues } from './generator.mjs';

const [folder, steps] = process.argv.slice(2);
const [batch, height, width, classes] = [4, 33, 29, 5];

const graph = new Graph();
const trainOp = graph.build(() => {
  const images = placeholder('float32', [batch, height, width, 3], { name: 'images' });
  const labels = placeholder('int32', [batch], { name: 'labels' });
  const net = slim.argScope(nets.resnetArgScope({ weightDecay: 0.001, batchNormDecay: 0.9 }), () => {
    const blocks = [
      nets.resnetV1Block('block1', { baseDepth: 2, numUnits: 2, stride: 2 }),
      nets.resnetV1Block('block2', { baseDepth: 3, numUnits: 2, stride: 1 }),
    ];
    return nets.resnetV1(images, blocks, { scope: 'resnet', numClasses: classes, isTraining: true }).net;
  });
  slim.losses.sparseSoftmaxCrossEntropy(slim.reshape(net, [batch, classes]), labels);
  return slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizers.momentum(0.0625, 0.9));
});
const session = await Session.create(graph, { precision: 'float32' });
await slim.learning.train(trainOp, folder, {
  session,
  numberOfSteps: Number(steps),
  initFn: () => {
    const model = graph.getCollection('model_variables');
    const order = streams(model.map(({ name }) => name));
    for (const { name, shape } of model) session.write(name, variableValues(name, shape, order.get(name)));
  },
  feeds: (step) => ({
    images: Float32Array.from({ length: batch * height * width * 3 }, (_, i) => 2 * hash(i, 1001 + step) - 1),
    labels: Int32Array.from({ length: batch }, (_, i) => Math.floor(classes * hash(i, 4001 + step))),
  }),
});
session.dispose();
