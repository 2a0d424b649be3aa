// onnxruntime-node on the same network as an ONNX file (NCHW, its own order), all graph optimizations on.
import { readFileSync } from 'node:fs';
import { answer, Unavailable } from './common.mjs';
import { sharpPipeline } from './sharp_pipeline.mjs';

const manifest = new URL('../node_modules/onnxruntime-node/package.json', import.meta.url);

async function open({ onnx, threads, precision }) {
  if (precision !== 'float32')
    throw new Unavailable(`onnxruntime-node runs this float32 file in float32, not in ${precision}`);
  const ort = (await import('onnxruntime-node')).default;
  const session = await ort.InferenceSession.create(onnx, {
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
  loadLabels: async (task) => sharpPipeline(await open(task)),
});
