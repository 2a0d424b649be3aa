// onnxruntime-node on the same network as an ONNX file (NCHW, its own order), all graph optimizations on; int8 from a quantized file.
import { readFileSync } from 'node:fs';
import { answer, Unavailable } from './common.mjs';
import { fastifyServer } from './fastify_server.mjs';
import { int8File } from './int8_file.mjs';
import { sharpPipeline } from './sharp_pipeline.mjs';

const manifest = new URL('../node_modules/onnxruntime-node/package.json', import.meta.url);

async function open(task) {
  const { onnx, threads, precision } = task;
  if (precision === 'bfloat16') throw new Unavailable('onnxruntime has no bfloat16 kernels for CPUs');
  const file = precision === 'int8' ? int8File(task) : onnx;
  const ort = (await import('onnxruntime-node')).default;
  const session = await ort.InferenceSession.create(file, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  return async (images, batch) =>
    (await session.run({ images: new ort.Tensor('float32', images, [batch, 3, 224, 224]) })).logits.data;
}

await answer({
  version: () => JSON.parse(readFileSync(manifest, 'utf8')).version,
  order: 'nchw',
  load: open,
  loadLabels: async (task) => sharpPipeline(task, await open(task)),
  async serve(task, pixels) {
    const run = await open(task);
    return fastifyServer(task, { run, pixels, pipeline: sharpPipeline(task, run) });
  },
});
