/**
 * Works through very many names and prints how much memory that takes as it goes on. Of a hundred names one is a picture, the others are those of
 * files that are not there, or in folders that are no pictures: so the names are what counts, not the network.
 *
 *   node test/reliability/batch_memory.mjs [--names 1000000] [--in list|tree|folder]
 *
 * `tree`: folders of a thousand files each; `folder`: all files in one. A file takes a block of the disk, so a million of them 4 GB.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { smallImages, smallWeights } from './small_weights.mjs';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const { values } = parseArgs({
  options: { names: { type: 'string', default: '1000000' }, in: { type: 'string', default: 'list' } },
});
const names = Number(values.names);

/** A list of names. @returns how the command is told of it */
async function makeList(folder, images) {
  const path = join(folder, 'list.txt');
  const list = createWriteStream(path);
  for (let i = 0; i < names; i++) {
    const name = i % 100 === 0 ? images[(i / 100) % images.length] : join(folder, 'missing', `picture-${i}.jpg`);
    if (!list.write(`${name}\n`)) await once(list, 'drain');
  }
  list.end();
  await once(list, 'finish');
  return ['--from-file', path];
}

/** Files in folders. @returns how the command is told of them */
function makeFolders(folder, images, inEach) {
  const top = join(folder, 'pictures');
  for (let i = 0; i < names; i++) {
    const own = join(top, String(Math.floor(i / inEach)).padStart(4, '0'));
    if (i % inEach === 0) mkdirSync(own, { recursive: true });
    const path = join(own, `picture-${String(i).padStart(7, '0')}.jpg`);
    if (i % 100 === 0) copyFileSync(images[(i / 100) % images.length], path);
    else writeFileSync(path, 'no picture');
  }
  return [top];
}

const make = {
  list: makeList,
  tree: (folder, images) => makeFolders(folder, images, 1000),
  folder: (folder, images) => makeFolders(folder, images, names),
}[values.in];
if (make === undefined) throw new Error('--in: expected list, tree or folder.');

const folder = mkdtempSync(join(tmpdir(), 'slimnet-batch-memory-'));
try {
  const weights = await smallWeights(join(folder, 'weights'));
  const images = await smallImages(join(folder, 'images'), 100);
  const inputs = await make(folder, images);
  const output = ['-o', join(folder, 'out.jsonl'), '--rejects', join(folder, 'bad.jsonl'), '--resume'];
  const args = ['classify', ...inputs, '-c', weights, '--precision', 'float32', ...output];
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
