// onnxruntime-node on the same network as an ONNX file (NCHW, its own order), all graph optimizations on.
import { answer } from './common.mjs';

await answer({
  order: 'nchw',
  async load({ onnx, threads }) {
    const ort = (await import('onnxruntime-node')).default;
    const session = await ort.InferenceSession.create(onnx, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
    });
    return async (images, batch) =>
      (await session.run({ images: new ort.Tensor('float32', images, [batch, 3, 224, 224]) })).logits.data;
  },
});
