// The network's convolutions alone, straight on oneDNN (bench/onednn_limit): what an engine on top of it can reach.
import { execFileSync } from 'node:child_process';
import { reply, task } from './common.mjs';

const precisions = { float32: 'f32', bfloat16: 'bf16', int8: 'int8' };
const { limit, batch, precision, seconds, threads } = task();

/** Images a second, the median of as many runs of the batch. */
function measured(iterations) {
  const text = execFileSync(limit, [String(batch), precisions[precision], String(iterations)], {
    encoding: 'utf8',
    env: { ...process.env, THREADS: String(threads) },
  });
  return Number(/([\d.]+) images\/s/.exec(text)[1]);
}

// A few runs say how many there is time for.
const few = 5;
const iterations = Math.round((seconds * measured(few)) / batch);
reply({ imagesPerSecond: measured(Math.max(few, iterations)) });
