// Answers from pictures. Usage: node examples/classify.mjs CHECKPOINT LABELS PICTURE...
//
// CHECKPOINT is the file of a published archive (resnet_v1_50.ckpt), LABELS the 1000 ImageNet names, one a line.
// An installed package is imported as 'slimnet'.
import { loadModel } from '../dist/index.js';

const [checkpoint, labels, ...pictures] = process.argv.slice(2);
if (pictures.length === 0) {
  console.error('Usage: node examples/classify.mjs CHECKPOINT LABELS PICTURE...');
  process.exit(2);
}

// A model brings its preprocessing: any JPEG, PNG, WebP, AVIF, TIFF or GIF will do, of any size.
const model = await loadModel('resnet_v1_50', { checkpoint, labels });

// An array runs in batches; the results keep its order.
const results = await model.classify(pictures, { topK: 3 });
results.forEach((predictions, i) => {
  console.log(pictures[i]);
  for (const { label, probability } of predictions) console.log(`  ${(100 * probability).toFixed(1)} %  ${label}`);
});

// Frees the native memory now; `await using model = ...` does it at the end of a block.
await model[Symbol.asyncDispose]();
