/**
 * Works through a list of very many names and prints how much memory that takes as it goes on. Of a hundred names one is a picture, the others
 * are those of files that are not there: so the names are what counts, not the network.
 *
 *   node test/reliability/batch_memory.mjs [--names 1000000]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { smallImages, smallWeights } from './small_weights.mjs';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const { values } = parseArgs({ options: { names: { type: 'string', default: '1000000' } } });
const names = Number(values.names);

const folder = mkdtempSync(join(tmpdir(), 'slimnet-batch-memory-'));
try {
  const weights = await smallWeights(join(folder, 'weights'));
  const images = await smallImages(join(folder, 'images'), 100);
  const list = createWriteStream(join(folder, 'list.txt'));
  for (let i = 0; i < names; i++) {
    const path = i % 100 === 0 ? images[(i / 100) % images.length] : join(folder, 'missing', `picture-${i}.jpg`);
    if (!list.write(`${path}\n`)) await once(list, 'drain');
  }
  list.end();
  await once(list, 'finish');
  const output = ['-o', join(folder, 'out.jsonl'), '--rejects', join(folder, 'bad.jsonl'), '--resume'];
  const args = [
    'classify',
    '--from-file',
    join(folder, 'list.txt'),
    '-c',
    weights,
    '--precision',
    'float32',
    ...output,
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
  const began = performance.now();
  const done = () => {
    try {
      const lines = readFileSync(join(folder, 'out.jsonl.journal'), 'utf8').trimEnd().split('\n');
      return JSON.parse(lines.at(-2)).images ?? 0;
    } catch {
      return 0;
    }
  };
  const look = () => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const megabytes = (name) => (Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024).toFixed(0);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${seconds} s: ${done()} images, ${megabytes('VmRSS')} MB, at most ${megabytes('VmHWM')} MB`);
  };
  const timer = setInterval(look, 10_000);
  const [status] = await once(child, 'close');
  clearInterval(timer);
  console.log(`ended with status ${status} after ${((performance.now() - began) / 1000).toFixed(0)} s`);
} finally {
  rmSync(folder, { recursive: true });
}
