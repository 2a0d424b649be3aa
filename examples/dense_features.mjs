// What a network sees, place by place. Usage: node examples/dense_features.mjs PICTURE OUTPUT.png [STRIDE [CHECKPOINT]]
//
// Writes the network's input and, beside it, the output of its four blocks: the three directions in which the features of a block
// vary most, as red, green and blue. Places of one colour look alike to the network. Without a CHECKPOINT its weights are drawn
// from a seed: the first blocks show shapes and textures then, the last ones little but how far each place is from the border.
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { decodeImage, Graph, nets, placeholder, preprocessImage, Session, slim } from '../dist/index.js';

const [picture, output, stride = '8', checkpoint] = process.argv.slice(2);
if (output === undefined) {
  console.error('Usage: node examples/dense_features.mjs PICTURE OUTPUT.png [STRIDE [CHECKPOINT]]');
  process.exit(2);
}
const outputStride = Number(stride);
// 32k + 1 pixels: the features of the first and last row and column lie exactly on those of the image.
const size = 321;

const graph = new Graph({ seed: 1 });
const { endPoints } = graph.build(() => {
  const images = placeholder('float32', [1, size, size, 3], { name: 'images' });
  return slim.argScope(nets.resnetArgScope(), () => {
    // No classes and no pooling. Strides past outputStride become rates of the convolutions after them.
    return nets.resnetV1_50(images, { numClasses: null, isTraining: false, globalPool: false, outputStride });
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
const names = [1, 2, 3, 4].map((block) => `resnet_v1_50/block${block}`);
const maps = await session.run({ images: pixels }, Object.fromEntries(names.map((name) => [name, endPoints[name]])));
await session[Symbol.asyncDispose]();

/** sum += factor * vector */
function add(sum, factor, vector) {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * vector[i];
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The places along the direction in which they vary most, by power iteration; takes that direction out of them. */
function principalComponent(places) {
  const depth = places[0].length;
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

/** The features of all places as three lists of bytes. */
function colours({ data, shape: [, rows, columns, depth] }) {
  const places = Array.from({ length: rows * columns }, (_, p) => data.slice(p * depth, (p + 1) * depth));
  const mean = new Float64Array(depth);
  for (const place of places) add(mean, 1 / places.length, place);
  for (const place of places) add(place, -1, mean);
  return [0, 1, 2].map(() => bytes(principalComponent(places)));
}

// From left to right the input with its means added again and the maps, between which 8 columns stay white.
const width = (names.length + 1) * (size + 8) - 8;
const drawing = new Uint8ClampedArray(size * width * 3).fill(255);
function draw(panel, colourAt) {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      for (let c = 0; c < 3; c++) drawing[3 * (y * width + panel * (size + 8) + x) + c] = colourAt(y, x, c);
    }
  }
}
const means = [123.68, 116.78, 103.94];
draw(0, (y, x, c) => pixels[3 * (y * size + x) + c] + means[c]);
names.forEach((name, i) => {
  const [, rows, columns] = maps[name].shape;
  const map = colours(maps[name]);
  // Feature k lies on pixel k times the stride: a pixel takes the colour of the nearest feature.
  const blockStride = (size - 1) / (rows - 1);
  draw(i + 1, (y, x, c) => map[c][Math.round(y / blockStride) * columns + Math.round(x / blockStride)]);
  console.log(`${name} [${maps[name].shape}]: ${rows} = (${size} - 1) / ${blockStride} + 1 places a side`);
});
await sharp(drawing, { raw: { width, height: size, channels: 3 } })
  .png()
  .toFile(output);
console.log(output);
