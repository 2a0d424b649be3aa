// A training script as TF-Slim has them. Usage: node examples/train_slim.mjs [STEPS] [FOLDER]
//
// Trains a small residual network on stripes that it draws, to tell their four directions, and tests it on others. With a FOLDER it keeps
// checkpoints there, and goes on from the newest one when it is run again.
import { Graph, nets, optimizers, placeholder, Session, schedules, slim } from '../dist/index.js';

const [steps = '60', folder = null] = process.argv.slice(2);
const [batch, side, directions] = [32, 32, 4];

/** Grey stripes [batch, side, side, 3] in noise, and their directions. The same numbers give the same pictures. */
function stripes(seed, step) {
  let state = (seed * 7919 + step) % 2147483647 || 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const labels = Int32Array.from({ length: batch }, () => Math.floor(random() * directions));
  const images = new Float32Array(batch * side * side * 3);
  for (const [i, label] of labels.entries()) {
    const [angle, period, phase] = [(Math.PI * label) / directions, 5 + 4 * random(), 6 * random()];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const wave = Math.sin(phase + (2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / period);
        const at = 3 * ((i * side + y) * side + x);
        for (let c = 0; c < 3; c++) images[at + c] = wave + 2 * random() - 1;
      }
    }
  }
  return { images, labels };
}

const graph = new Graph({ seed: 1 });
const { trainOp, logits } = graph.build(() => {
  const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
  const labels = placeholder('int32', [batch], { name: 'labels' });
  const network = (isTraining, reuse) =>
    slim.argScope(nets.resnetArgScope({ weightDecay: 1e-4, batchNormDecay: 0.9 }), () => {
      const blocks = [
        nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 2, stride: 2 }),
        nets.resnetV1Block('block2', { baseDepth: 16, numUnits: 2, stride: 1 }),
      ];
      const options = { numClasses: directions, spatialSqueeze: true, scope: 'resnet', isTraining, reuse };
      return nets.resnetV1(images, blocks, options).net;
    });
  slim.losses.sparseSoftmaxCrossEntropy(network(true, null), labels);
  const learningRate = schedules.warmup(schedules.cosineDecay(0.05, Number(steps)), 10);
  const optimizer = optimizers.momentum(learningRate, 0.9, { useNesterov: true });
  return { trainOp: slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizer), logits: network(false, true) };
});

const session = await Session.create(graph, { precision: 'float32' });
await slim.learning.train(trainOp, folder, {
  session,
  feeds: (step) => stripes(1, step),
  numberOfSteps: Number(steps),
  logEveryNSteps: 10,
  log: console.log,
});

let right = 0;
const batches = 10;
for (let i = 0; i < batches; i++) {
  const { images, labels } = stripes(2, i);
  const { data } = (await session.run({ images }, { logits })).logits;
  for (const [row, label] of labels.entries()) {
    const scores = data.subarray(row * directions, (row + 1) * directions);
    if (scores.indexOf(Math.max(...scores)) === label) right++;
  }
}
console.log(
  `${((100 * right) / (batches * batch)).toFixed(1)} % of ${batches * batch} held-out images are classified right`,
);
session.dispose();
