// Inference does not hold up the event loop. Usage: node examples/event_loop.mjs [BATCH [SECONDS]]
//
// A network runs without a pause on slimnet's own threads while this thread, which would serve requests, watches how late its
// timers come.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadModel } from '../dist/index.js';

const [batch, seconds] = [Number(process.argv[2] ?? 8), Number(process.argv[3] ?? 3)];
const model = await loadModel('resnet_v1_50', { untrainedSeed: 1 });
const { height, width } = model.preprocessing;
const pixels = new Float32Array(batch * height * width * 3);
await model.run(pixels); // compiles

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let runs = 0;
for (const end = performance.now() + 1000 * seconds; performance.now() < end; runs++) await model.run(pixels);
delay.disable();

console.log(`${((runs * batch) / seconds).toFixed(1)} images/s in batches of ${batch}`);
console.log(
  `event-loop delay: median ${(delay.percentile(50) / 1e6).toFixed(2)} ms, 99 % ${(delay.percentile(99) / 1e6).toFixed(2)} ms`,
);
await model[Symbol.asyncDispose]();
