// Writes the network that all subjects run, once: a TensorFlow checkpoint and an ONNX file with the same weights.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Graph, nets, placeholder, Session, slim, writeOnnx } from '../dist/index.js';

/** @returns paths of both files */
export async function prepare(network, folder) {
  mkdirSync(folder, { recursive: true });
  const checkpoint = join(folder, `${network}.ckpt`);
  const onnx = join(folder, `${network}.onnx`);
  if (existsSync(onnx) && existsSync(`${checkpoint}.index`)) return { checkpoint, onnx };
  const graph = new Graph({ seed: 1 });
  const { net } = graph.build(() => {
    const images = placeholder('float32', [null, 224, 224, 3], { name: 'images' });
    return slim.argScope(nets.resnetArgScope(), () =>
      nets.network(network).build(images, { numClasses: 1000, isTraining: false }),
    );
  });
  const session = await Session.create(graph, { device: 'cpu' });
  await session.initialize();
  await session.save(checkpoint);
  await writeOnnx(onnx, { graph, fetches: { logits: net }, read: (variable) => session.read(variable) });
  await session[Symbol.asyncDispose]();
  return { checkpoint, onnx };
}
