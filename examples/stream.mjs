// Answers for any number of pictures, as they are found. Usage: node examples/stream.mjs CHECKPOINT LABELS FOLDER
//
// The pictures come from an asynchronous generator: it could as well download them, or read their names from a queue. It is asked for
// more only as the work goes, so that a batch or two are in memory, not the folder.
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '../dist/index.js';

const [checkpoint, labels, folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/stream.mjs CHECKPOINT LABELS FOLDER');
  process.exit(2);
}

/** The paths of all pictures below a folder. */
async function* picturesIn(path) {
  for await (const entry of await opendir(path)) {
    const name = join(path, entry.name);
    if (entry.isDirectory()) yield* picturesIn(name);
    else if (/\.(jpe?g|png|webp)$/i.test(name)) yield name;
  }
}

const model = await loadModel('resnet_v1_50', { checkpoint, labels, batching: { maxBatchSize: 16 } });

// A picture that cannot be read is reported and left out; without onFailure it would end the stream.
let failed = 0;
const onFailure = (picture, error) => {
  failed++;
  console.log(`${picture}: ${error.message}`);
};
let answered = 0;
for await (const { item, result } of model.stream(picturesIn(folder), 'predictions', { onFailure })) {
  const [best] = model.top(result, 1);
  console.log(`${item}: ${best.label} (${(100 * best.probability).toFixed(1)} %)`);
  answered++;
}
console.log(`${answered} answers, ${failed} failed`);
await model[Symbol.asyncDispose]();
