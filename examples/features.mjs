// Which pictures look alike? Usage: node examples/features.mjs CHECKPOINT PICTURE PICTURE...
//
// The globally pooled features of a network are a description of a picture: the smaller the angle between two of them, the more
// alike the pictures.
import { loadModel } from '../dist/index.js';

const [checkpoint, ...pictures] = process.argv.slice(2);
if (pictures.length < 2) {
  console.error('Usage: node examples/features.mjs CHECKPOINT PICTURE PICTURE...');
  process.exit(2);
}
const model = await loadModel('resnet_v1_50', { checkpoint });

// Float32Arrays of 2048 values, made unit length.
const features = (await model.embed(pictures)).map((vector) => {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
});
const cosine = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

features.forEach((own, i) => {
  const others = features.map((other, k) => ({ k, likeness: cosine(own, other) })).filter(({ k }) => k !== i);
  const [best] = others.sort((a, b) => b.likeness - a.likeness);
  console.log(`${pictures[i]} is most like ${pictures[best.k]} (${best.likeness.toFixed(4)})`);
});
await model[Symbol.asyncDispose]();
