// How right is a trained network? Usage: node examples/shapes.mjs [IMAGES] [CHECKPOINT]
//
// Draws test images of P10 (docs/images.md) and classifies them with a small residual network that TF-Slim trained on others.
import { fileURLToPath } from 'node:url';
import { Graph, nets, placeholder, Session, shapeClasses, shapeImage, slim } from '../dist/index.js';

const [images = '200', checkpoint] = process.argv.slice(2);
const count = Number(images);
const side = 64;

// The blocks that it was trained with: a narrow form of the published networks.
const graph = new Graph();
const net = graph.build(() => {
  const pixels = placeholder('float32', [null, side, side, 3], { name: 'pixels' });
  const blocks = [
    nets.resnetV1Block('block1', { baseDepth: 8, numUnits: 3, stride: 2 }),
    nets.resnetV1Block('block2', { baseDepth: 16, numUnits: 3, stride: 2 }),
    nets.resnetV1Block('block3', { baseDepth: 32, numUnits: 3, stride: 1 }),
  ];
  const options = { numClasses: shapeClasses.length, isTraining: false, scope: 'resnet_v1_p10' };
  return slim.argScope(nets.resnetArgScope(), () => nets.resnetV1(pixels, blocks, options)).net;
});
const session = await Session.create(graph);
const trained = fileURLToPath(new URL('p10/resnet_v1_p10.ckpt', import.meta.url));
await session.restore(checkpoint ?? trained);

/** How far each value is from the mean of its channel, in 128ths: what the network was trained on. */
function prepared({ data }) {
  const means = [0, 1, 2].map((c) => data.reduce((sum, v, i) => (i % 3 === c ? sum + v : sum), 0) / (side * side));
  return Float32Array.from(data, (value, i) => (value - means[i % 3]) / 128);
}

const seen = shapeClasses.map(() => shapeClasses.map(() => 0));
for (let index = 0; index < count; index++) {
  const image = shapeImage({ seed: 2, index });
  const { logits } = await session.run({ pixels: prepared(image) }, { logits: net });
  seen[image.label][logits.data.indexOf(Math.max(...logits.data))]++;
}

shapeClasses.forEach((name, label) => {
  const row = seen[label];
  const total = row.reduce((sum, n) => sum + n, 0);
  const others = shapeClasses.flatMap((other, k) => (k !== label && row[k] > 0 ? [`${row[k]} as ${other}`] : []));
  console.log(`${name.padEnd(8)} ${row[label]} of ${total}${others.length > 0 ? `, ${others.join(', ')}` : ''}`);
});
const right = seen.reduce((sum, row, label) => sum + row[label], 0);
console.log(`${right} of ${count} right`);
await session[Symbol.asyncDispose]();
