// Writes the network that all subjects run, once: a TensorFlow checkpoint and an ONNX file with the same weights.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as slimnet from '../dist/index.js';
import { buildNetwork } from './network.mjs';

/** @returns paths of both files */
export async function prepare(network, folder) {
  mkdirSync(folder, { recursive: true });
  const checkpoint = join(folder, `${network}.ckpt`);
  const onnx = join(folder, `${network}.onnx`);
  if (existsSync(onnx) && existsSync(`${checkpoint}.index`)) return { checkpoint, onnx };
  const { graph, net } = buildNetwork(slimnet, network, 1);
  const session = await slimnet.Session.create(graph, { device: 'cpu' });
  await session.initialize();
  await session.save(checkpoint);
  await slimnet.writeOnnx(onnx, { graph, fetches: { logits: net }, read: (variable) => session.read(variable) });
  await session[Symbol.asyncDispose]();
  return { checkpoint, onnx };
}
