// Which pixels belong to the thing? Usage: node examples/segmentation.mjs [STEPS [DRAWING.png]]
//
// A head on the features of a network that was trained to name shapes (examples/p10). With `outputStride: 4` its convolutions keep a map of features
// every 4 pixels; a convolution of single places tells thing from background there, and probabilities are interpolated in between. Only the head is
// trained: the network stays as it is. Prints how well the masks of new pictures fit (intersection over union), and draws some.
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Graph, nets, optimizers, placeholder, Session, slim } from '../dist/index.js';

const [steps = '60', drawing] = process.argv.slice(2);
const [side, stride, batch] = [64, 4, 16];
const cells = side / stride;

/** Random numbers below 1: the same for the same seed. */
function randomFrom(seed) {
  let state = (seed * 7919 + 1) % 2147483647;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** An ellipse of any colour, size and place over a gradient with noise: pixels in 128ths about the mean of their channel, and whether they are its. */
function picture(seed) {
  const random = randomFrom(seed);
  for (let i = 0; i < 8; i++) random();
  const [cx, cy] = [0.25 + 0.5 * random(), 0.25 + 0.5 * random()].map((v) => v * side);
  const [rx, ry] = [0.1 + 0.2 * random(), 0.1 + 0.2 * random()].map((v) => v * side);
  const colour = [0, 1, 2].map(() => 255 * random());
  const background = colour.map((value) => (value + 90 + 75 * random()) % 255);
  const slope = 40 * (random() - 0.5);
  const mask = new Uint8Array(side * side);
  const pixels = new Float32Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = y * side + x;
      mask[at] = ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1 ? 1 : 0;
      for (let c = 0; c < 3; c++) {
        const clean = mask[at] === 1 ? colour[c] : background[c] + slope * (x / side);
        pixels[3 * at + c] = clean + 20 * (random() - 0.5);
      }
    }
  }
  const means = [0, 1, 2].map((c) => pixels.reduce((sum, v, i) => (i % 3 === c ? sum + v : sum), 0) / (side * side));
  return { mask, shown: pixels, pixels: pixels.map((value, i) => (value - means[i % 3]) / 128) };
}

/** `batch` pictures, their masks, and of these what lies in the middle of each cell. */
function batchOf(first) {
  const pictures = Array.from({ length: batch }, (_, i) => picture(first + i));
  const images = new Float32Array(batch * side * side * 3);
  const labels = new Int32Array(batch * cells * cells);
  pictures.forEach(({ pixels, mask }, n) => {
    images.set(pixels, n * pixels.length);
    for (let i = 0; i < cells * cells; i++) {
      const [y, x] = [Math.floor(i / cells), i % cells].map((cell) => cell * stride);
      labels[n * cells * cells + i] = mask[y * side + x];
    }
  });
  return { images, labels, pictures };
}

const graph = new Graph({ seed: 1 });
const { trainOp, probabilities, network } = graph.build(() => {
  const images = placeholder('float32', [batch, side, side, 3], { name: 'images' });
  const labels = placeholder('int32', [batch * cells * cells], { name: 'labels' });
  const blocks = [
    nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 3, stride: 2 }),
    nets.resnetV1Block('block2', { baseDepth: 16, numUnits: 3, stride: 2 }),
    nets.resnetV1Block('block3', { baseDepth: 32, numUnits: 3, stride: 1 }),
  ];
  const options = { numClasses: null, globalPool: false, outputStride: stride, isTraining: false };
  const { endPoints } = slim.argScope(nets.resnetArgScope({ weightDecay: 0 }), () =>
    nets.resnetV1(images, blocks, { ...options, scope: 'resnet_v1_p10' }),
  );
  const network = slim.getModelVariables();
  // Edges are in the features of the first block, what the thing is in those of the last.
  const parts = blocks.map((_, i) =>
    slim.conv2d(endPoints[`resnet_v1_p10/block${i + 1}`], 2, 1, { activationFn: null, scope: `head${i + 1}` }),
  );
  const logits = slim.reshape(slim.addN(parts), [batch * cells * cells, 2]);
  slim.losses.sparseSoftmaxCrossEntropy(logits, labels);
  const head = slim.getTrainableVariables().filter(({ name }) => name.startsWith('head'));
  const optimizer = optimizers.adam(0.02);
  const trainOp = slim.learning.createTrainOp(slim.losses.getTotalLoss(), optimizer, { variablesToTrain: head });
  return { trainOp, probabilities: slim.softmax(logits), network };
});

const session = await Session.create(graph);
await session.initialize();
const trained = fileURLToPath(new URL('p10/resnet_v1_p10.ckpt', import.meta.url));
await session.restore(trained, { variables: network });

for (let step = 1; step <= Number(steps); step++) {
  const { images, labels } = batchOf(step * batch);
  const { loss } = await session.run({ images, labels }, { loss: trainOp });
  if (step % 20 === 0) console.log(`step ${step}: loss ${loss.data[0].toFixed(3)}`);
}

/** The probability of the thing at a pixel: those of the four cells about it, by how near they are. */
function interpolated(map, y, x) {
  const [row, column] = [y, x].map((at) => Math.min(cells - 1, at / stride));
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [bottom, right] = [top + 1, left + 1].map((cell) => Math.min(cells - 1, cell));
  const [down, across] = [row - top, column - left];
  const upper = map(top, left) * (1 - across) + map(top, right) * across;
  const lower = map(bottom, left) * (1 - across) + map(bottom, right) * across;
  return upper * (1 - down) + lower * down;
}

// Pictures that were never trained on.
const { images, pictures } = batchOf(1_000_000);
const found = (await session.run({ images }, { probabilities })).probabilities.data;
await session[Symbol.asyncDispose]();
const masks = pictures.map((_, n) => {
  const map = (row, column) => found[2 * ((n * cells + row) * cells + column) + 1];
  return Uint8Array.from({ length: side * side }, (_, i) =>
    interpolated(map, Math.floor(i / side), i % side) > 0.5 ? 1 : 0,
  );
});
let [both, either] = [0, 0];
pictures.forEach(({ mask }, n) => {
  mask.forEach((value, i) => {
    both += value & masks[n][i];
    either += value | masks[n][i];
  });
});
console.log(`intersection over union of ${batch} new pictures: ${(both / either).toFixed(3)}`);

if (drawing !== undefined) {
  // Above each picture as it is, below what was found of it.
  const shown = 8;
  const bytes = new Uint8ClampedArray(2 * side * shown * side * 3);
  for (let n = 0; n < shown; n++) {
    for (let i = 0; i < side * side * 3; i++) {
      const [y, x, c] = [Math.floor(i / 3 / side), Math.floor(i / 3) % side, i % 3];
      const value = pictures[n].shown[i];
      bytes[3 * (y * shown * side + n * side + x) + c] = value;
      const isFound = masks[n][y * side + x] === 1;
      bytes[3 * ((side + y) * shown * side + n * side + x) + c] = isFound ? value : 0.25 * value + 190;
    }
  }
  await sharp(bytes, { raw: { width: shown * side, height: 2 * side, channels: 3 } })
    .png()
    .toFile(drawing);
  console.log(drawing);
}
