// What a network sees, place by place. Usage: node examples/dense_features.mjs PICTURE OUTPUT.png [STRIDE [CHECKPOINT]]
//
// Writes the network's input and, beside it, its last feature map: the three directions in which the features vary most, as red,
// green and blue. Places of one colour look alike to the network. Without a CHECKPOINT its weights are drawn from a seed.
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { decodeImage, Graph, nets, placeholder, preprocessImage, Session, slim } from '../dist/index.js';

const [picture, output, stride = '8', checkpoint] = process.argv.slice(2);
const outputStride = Number(stride);
// 32k + 1 pixels: the features of the first and last row and column lie exactly on those of the image.
const size = 321;

const graph = new Graph({ seed: 1 });
const features = graph.build(() => {
  const images = placeholder('float32', [1, size, size, 3], { name: 'images' });
  return slim.argScope(nets.resnetArgScope(), () => {
    // No classes and no pooling. Strides past outputStride become rates of the convolutions after them.
    return nets.resnetV1_50(images, { numClasses: null, isTraining: false, globalPool: false, outputStride }).net;
  });
});
const session = await Session.create(graph);
if (checkpoint === undefined) await session.initialize();
else await session.restore(checkpoint);

const pixels = await preprocessImage(await decodeImage(readFileSync(picture)), {
  preprocessing: 'vgg',
  height: size,
  width: size,
});
const { map } = await session.run({ images: pixels }, { map: features });
await session[Symbol.asyncDispose]();
const [, rows, columns, depth] = map.shape;
console.log(`features [${map.shape}]: (${size} - 1) / ${outputStride} + 1 = ${rows} places a side`);

/** sum += factor * vector */
function add(sum, factor, vector) {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * vector[i];
}
const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** The places along the direction in which they vary most, by power iteration; takes that direction out of them. */
function principalComponent(places) {
  let direction = Float64Array.from({ length: depth }, (_, i) => 1 + (i % 7));
  for (let round = 0; round < 20; round++) {
    const next = new Float64Array(depth);
    for (const place of places) add(next, dot(place, direction), place);
    const length = Math.hypot(...next) || 1;
    direction = next.map((v) => v / length);
  }
  return places.map((place) => {
    const value = dot(place, direction);
    add(place, -value, direction);
    return value;
  });
}

/** Values as bytes; the outermost hundredth at either end is cut off. */
function bytes(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.round(part * (sorted.length - 1))];
  const [low, high] = [at(0.01), at(0.99)];
  return values.map((v) => Math.max(0, Math.min(255, (255 * (v - low)) / (high - low || 1))));
}

const places = Array.from({ length: rows * columns }, (_, p) => map.data.slice(p * depth, (p + 1) * depth));
const mean = new Float64Array(depth);
for (const place of places) add(mean, 1 / places.length, place);
for (const place of places) add(place, -1, mean);
const colours = [0, 1, 2].map(() => bytes(principalComponent(places)));

// Left the input with its means added again, right the map: pixel (y, x) takes the colour of the nearest feature.
const means = [123.68, 116.78, 103.94];
const gap = 8;
const drawing = new Uint8ClampedArray(size * (2 * size + gap) * 3).fill(255);
for (let y = 0; y < size; y++) {
  for (let x = 0; x < size; x++) {
    const left = 3 * (y * (2 * size + gap) + x);
    const place = Math.round(y / outputStride) * columns + Math.round(x / outputStride);
    for (let c = 0; c < 3; c++) {
      drawing[left + c] = pixels[3 * (y * size + x) + c] + means[c];
      drawing[left + 3 * (size + gap) + c] = colours[c][place];
    }
  }
}
await sharp(drawing, { raw: { width: 2 * size + gap, height: size, channels: 3 } })
  .png()
  .toFile(output);
console.log(`${output}: the input and its features`);
