// Writes checkpoints of an untrained resnet_v1_50 with slimnet (dist/), V1 and V2, and beside them what TensorFlow must find in
// them: FOLDER/{v1,v2}/model.ckpt and FOLDER/expected.json. check_written.sh has TensorFlow read them.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, nets, placeholder, Session, slim } from '../../dist/index.js';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: node scripts/golden/write_checkpoints.mjs FOLDER');

const graph = new Graph({ seed: 1 });
graph.build(() => {
  const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
  slim.argScope(nets.resnetArgScope(), () => nets.resnetV1_50(images, { numClasses: 1000, isTraining: false }));
  slim.getOrCreateGlobalStep();
});

const session = await Session.create(graph, { device: 'cpu' });
await session.initialize();
for (const [name, format] of [
  ['v1', 'tensorflow_v1'],
  ['v2', 'tensorflow_v2'],
]) {
  mkdirSync(join(folder, name), { recursive: true });
  await session.save(join(folder, name, 'model.ckpt'), { format });
}

const tensors = [...graph.variables.values()].map(({ name, dtype, shape }) => {
  const data = session.read(name);
  const sha256 = createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
  if (dtype !== 'float32') return { name, dtype, shape, sha256 };
  return {
    name,
    dtype,
    shape,
    sha256,
    sum: data.reduce((a, b) => a + b, 0),
    absSum: data.reduce((a, b) => a + Math.abs(b), 0),
  };
});
writeFileSync(join(folder, 'expected.json'), JSON.stringify({ tensors }));
await session[Symbol.asyncDispose]();
console.log(`${tensors.length} variables in ${folder}/{v1,v2}/model.ckpt`);
