// The network's convolutions alone, straight on oneDNN (bench/onednn_limit): what an engine on top of it can reach.
import { execFileSync } from 'node:child_process';
import { reply, task } from './common.mjs';

const precisions = { float32: 'f32', bfloat16: 'bf16', int8: 'int8' };
const { kind, limit, limitOfTraining, batch, size, precision, seconds, threads } = task();
const trains = kind === 'training';

/** Images a second, the median of as many runs of the batch. */
function measured(iterations) {
  const args = [String(batch), precisions[precision], String(iterations), ...(trains ? [String(size)] : [])];
  const text = execFileSync(trains ? limitOfTraining : limit, args, {
    encoding: 'utf8',
    env: { ...process.env, THREADS: String(threads) },
  });
  return Number(/([\d.]+) images\/s/.exec(text)[1]);
}

// A few runs say how many there is time for.
const few = trains ? 2 : 5;
const iterations = Math.round((seconds * measured(few)) / batch);
const imagesPerSecond = measured(Math.max(few, iterations));
reply(trains ? { times: [(batch * 1000) / imagesPerSecond] } : { imagesPerSecond });
