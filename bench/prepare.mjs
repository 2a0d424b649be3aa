// Writes the network that all subjects run, once: the same weights as a TensorFlow checkpoint, as safetensors and as an ONNX file,
// and the graph itself as JSON for the peers that are built op by op.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as slimnet from '../dist/index.js';
import { describeGraph } from './graph_file.mjs';
import { buildNetwork, side } from './network.mjs';

/** Paths of a network's files below `folder`; `frozen` is the stem of what a peer writes for itself. */
export function filesOf(network, folder) {
  const stem = join(folder, network);
  return {
    checkpoint: `${stem}.ckpt`,
    onnx: `${stem}.onnx`,
    safetensors: `${stem}.safetensors`,
    graph: `${stem}.graph.json`,
    frozen: `${stem}.frozen`,
  };
}

/** Makes what is missing. @returns the paths, and what every subject does to pictures: the network's preprocessing at the size of all */
export async function prepare(network, folder) {
  const { preprocessing } = slimnet.nets.network(network);
  const files = { ...filesOf(network, folder), preprocessing, side };
  const { checkpoint, onnx, safetensors, graph: graphFile } = files;
  const made = existsSync(`${checkpoint}.index`);
  if (made && [onnx, safetensors, graphFile].every((path) => existsSync(path))) return files;
  mkdirSync(folder, { recursive: true });
  // What is left of other weights, a peer's frozen graph among it, must not be taken for these.
  if (!made)
    for (const name of readdirSync(folder).filter((file) => file.startsWith(`${network}.`))) rmSync(join(folder, name));
  const { graph, net } = buildNetwork(slimnet, network, 1);
  const session = await slimnet.Session.create(graph, { device: 'cpu' });
  try {
    if (made) await session.restore(checkpoint);
    else await session.initialize();
    if (!existsSync(onnx))
      await slimnet.writeOnnx(onnx, { graph, fetches: { logits: net }, read: (variable) => session.read(variable) });
    if (!existsSync(safetensors)) await session.save(safetensors);
    writeFileSync(graphFile, JSON.stringify(describeGraph(net)));
    // Last: with it the weights count as made.
    if (!made) await session.save(checkpoint);
  } finally {
    await session[Symbol.asyncDispose]();
  }
  return files;
}
