// The network's convolutions alone, straight on oneDNN (bench/onednn_limit): what an engine on top of it can reach.
import { execFileSync } from 'node:child_process';
import { reply, task } from './common.mjs';

const { limit, batch, seconds, threads } = task();
const iterations = Math.max(5, Math.round((seconds * 40) / batch));
const text = execFileSync(limit, [String(batch), 'f32', String(iterations)], {
  encoding: 'utf8',
  env: { ...process.env, THREADS: String(threads) },
});
reply({ imagesPerSecond: Number(/([\d.]+) images\/s/.exec(text)[1]) });
