// Memory over very many pictures, in minutes instead of hours: small pictures and a small input, everything else as in `soak`.
//   node bench/soak_small.mjs [pictures=1000000] [precision=auto]

import { loadModel } from '../dist/index.js';
import { memoryOf } from './drivers/kinds/memory.mjs';
import { draw } from './pictures.mjs';
import { afterWarmUp, slope } from './statistics.mjs';

const [pictures = '1000000', precision = 'auto'] = process.argv.slice(2);
const count = Number(pictures);
if (!Number.isInteger(count) || count < 1) throw new Error(`expected a number of pictures, received ${pictures}`);
const samples = 60;
const warmUp = 0.25;

const model = await loadModel('resnet_v1_50', { untrainedSeed: 1, imageSize: 64, precision, mode: 'throughput' });
const pictureOf = async (seed) => (await draw(80, 72, seed)).toBuffer();
const jpegs = await Promise.all(Array.from({ length: 64 }, (_, i) => pictureOf(i + 1)));
const start = performance.now();
const series = [];
for (let done = 0; done < count; ) {
  await model.classify(jpegs);
  done += jpegs.length;
  if (done < ((series.length + 1) * count) / samples && done < count) continue;
  series.push([done, memoryOf('VmRSS')]);
  const seconds = (performance.now() - start) / 1000;
  console.log(
    `${done} pictures, ${(series.at(-1)[1] / 2 ** 20).toFixed(1)} MiB, ${(done / seconds).toFixed(0)} images/s`,
  );
}
const growth = slope(afterWarmUp(series, warmUp));
console.log(
  `${model.precision}: ${growth.toFixed(2)} bytes for each picture after the first ${100 * warmUp} %; ` +
    `${((growth * count) / 2 ** 20).toFixed(1)} MiB for ${count}`,
);
await model[Symbol.asyncDispose]();
