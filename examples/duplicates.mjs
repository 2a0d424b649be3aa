// Which pictures of a folder are the same one, saved again? Usage: node examples/duplicates.mjs CHECKPOINT FOLDER [LIKENESS]
//
// A copy of another size, quality or format has nearly the features of its original. Pictures whose features have a cosine of at least LIKENESS
// (0.98 unless told) are linked; what is linked is printed as a group, the largest file first, which is the one to keep.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Index } from 'usearch';
import { loadModel } from '../dist/index.js';

const [checkpoint, folder, likeness = '0.98'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/duplicates.mjs CHECKPOINT FOLDER [LIKENESS]');
  process.exit(2);
}
const model = await loadModel('resnet_v1_50', { checkpoint });
const index = new Index({ metric: 'cos', dimensions: 2048, quantization: 'f32' });

const found = (await readdir(folder, { recursive: true })).filter((name) => /\.(jpe?g|png|webp)$/i.test(name)).sort();
const paths = [];
/** The first picture of the group that a picture belongs to. */
const firstOf = [];
const group = (i) => (firstOf[i] === i ? i : group(firstOf[i]));
const onFailure = (path, { message }) => console.log(`left out: ${path}: ${message}`);
const all = found.map((name) => join(folder, name));
for await (const { item, result } of model.stream(all, 'features', { onFailure })) {
  const own = paths.push(item) - 1;
  firstOf[own] = own;
  // Neighbours among those before it: each pair is looked at once.
  const { keys, distances } = own === 0 ? { keys: [], distances: [] } : index.search(result, Math.min(16, own), 0);
  keys.forEach((key, i) => {
    if (1 - distances[i] < Number(likeness)) return;
    const [a, b] = [group(own), group(Number(key))];
    firstOf[Math.max(a, b)] = Math.min(a, b);
  });
  index.add(BigInt(own), result);
}

let groups = 0;
for (const first of paths.keys()) {
  const members = paths.filter((_, i) => group(i) === first);
  if (members.length < 2) continue;
  groups++;
  const sizes = await Promise.all(members.map(async (path) => ({ path, size: (await stat(path)).size })));
  sizes.sort((a, b) => b.size - a.size);
  console.log(`group ${groups}`);
  for (const { path, size } of sizes) console.log(`  ${String(size).padStart(9)}  ${path}`);
}
console.log(`${paths.length} pictures, ${groups} with copies`);
await model[Symbol.asyncDispose]();
