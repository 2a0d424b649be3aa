// TensorFlow.js with its WebAssembly backend: the same graph, op by op, from the same weights.
import { readFileSync } from 'node:fs';
import { answer, Unavailable } from './common.mjs';
import { readSafetensors } from './safetensors.mjs';
import { makeNetwork } from './tfjs_network.mjs';

const folder = new URL('../node_modules/@tensorflow/', import.meta.url);

await answer({
  version: () => JSON.parse(readFileSync(new URL('tfjs-core/package.json', folder), 'utf8')).version,
  order: 'nhwc',
  async load({ graph, safetensors, precision, threads }) {
    if (precision !== 'float32')
      throw new Unavailable(`the WebAssembly backend computes in float32, not in ${precision}`);
    const tf = await import('@tensorflow/tfjs-core');
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    // tfjs-backend-wasm turns its threads off in Node.js by itself; the number is for versions that do not.
    wasm.setThreadsCount(threads);
    wasm.setWasmPaths(new URL('tfjs-backend-wasm/dist/', folder).pathname);
    if (!(await tf.setBackend('wasm'))) throw new Unavailable('the WebAssembly backend does not start');
    const network = makeNetwork(tf, JSON.parse(readFileSync(graph, 'utf8')), readSafetensors(safetensors));
    return async (images, batch) => {
      const logits = tf.tidy(() => network(tf.tensor4d(images, [batch, 224, 224, 3])));
      const data = await logits.data();
      logits.dispose();
      return data;
    };
  },
});
