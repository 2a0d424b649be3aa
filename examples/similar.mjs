// Which pictures of a folder are like this one? Usage: node examples/similar.mjs CHECKPOINT FOLDER INDEX PICTURE...
//
// The first time, the features of all pictures go into an index of nearest neighbours (npm install usearch), which is kept as the file INDEX; from
// then on an answer takes the time of one picture, however many there are in the folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Index } from 'usearch';
import { loadModel } from '../dist/index.js';

const [checkpoint, folder, file, ...pictures] = process.argv.slice(2);
if (pictures.length === 0) {
  console.error('Usage: node examples/similar.mjs CHECKPOINT FOLDER INDEX PICTURE...');
  process.exit(2);
}
const model = await loadModel('resnet_v1_50', { checkpoint });
const index = new Index({ metric: 'cos', dimensions: 2048, quantization: 'f32' });
const names = `${file}.json`;

if (existsSync(file)) index.load(file);
else {
  const found = (await readdir(folder, { recursive: true })).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort();
  const paths = found.map((name) => join(folder, name));
  const indexed = [];
  const onFailure = (path, { message }) => console.log(`left out: ${path}: ${message}`);
  for await (const { item, result } of model.stream(paths, 'features', { onFailure }))
    index.add(BigInt(indexed.push(item) - 1), result);
  index.save(file);
  writeFileSync(names, JSON.stringify(indexed));
}

const indexed = JSON.parse(readFileSync(names, 'utf8'));
for (const picture of pictures) {
  const [features] = await model.embed([picture]);
  const { keys, distances } = index.search(features, Math.min(5, indexed.length), 0);
  console.log(picture);
  for (const [i, key] of keys.entries()) console.log(`  ${(1 - distances[i]).toFixed(3)}  ${indexed[Number(key)]}`);
}
await model[Symbol.asyncDispose]();
