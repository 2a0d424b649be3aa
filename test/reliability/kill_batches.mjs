/**
 * Kills batch runs (`slimnet embed --resume`) at random moments, has them go on each time, and compares the files at the end with those of a
 * run that nobody killed: they must be the same to the byte. The images are files and archives, some of them damaged.
 *
 *   node test/reliability/kill_batches.mjs [--kills 50] [--images 600]
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { smallImages, smallWeights } from './small_weights.mjs';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const formats = ['jsonl', 'npy', 'parquet', 'csv'];

/** @param delay milliseconds after which it is killed; null: never. @returns whether it was */
function run(args, delay) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const timer = delay === null ? undefined : setTimeout(() => child.kill('SIGKILL'), delay);
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      // 1: some images are damaged.
      const ended = status === 1 && / images( were done already\.)?\n$/.test(said);
      if (signal === 'SIGKILL' || ended) resolve({ killed: signal === 'SIGKILL', said });
      else reject(new Error(`the run ended with status ${status}: ${said}`));
    });
  });
}

/** A list of files and archives, every twentieth of which is damaged. */
async function makeInputs(folder, images) {
  const files = await smallImages(join(folder, 'images'), images);
  for (const [i, file] of files.entries()) if (i % 20 === 7) writeFileSync(file, 'damaged');
  const names = [];
  const size = Math.ceil(images / 12);
  for (let from = 0; from < files.length; from += size) {
    const some = files.slice(from, from + size);
    if ((from / size) % 3 !== 1) {
      names.push(...some);
      continue;
    }
    const archive = join(folder, `${from}.tar`);
    execFileSync('tar', ['-cf', archive, '-P', ...some]);
    names.push(archive);
  }
  writeFileSync(join(folder, 'images.txt'), `${names.join('\n')}\n`);
}

/** @returns how often runs were killed, and came to their end after that. @throws where an end is another one */
export async function killBatches(kills, images) {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-killed-batch-'));
  try {
    const weights = await smallWeights(join(folder, 'weights'));
    await makeInputs(folder, images);
    const argsOf = (output, format) => [
      ...['embed', '--from-file', join(folder, 'images.txt'), '-c', weights, '-b', '4', '--precision', 'float32'],
      ...['-o', join(output, `out.${format}`), '--rejects', join(output, 'bad.jsonl'), '--resume'],
    ];
    const filesOf = (format) => [`out.${format}`, 'bad.jsonl', ...(format === 'npy' ? ['out.npy.txt'] : [])];
    let [killed, ends, middle] = [0, 0, 0];
    for (let round = 0; killed < kills; round++) {
      const format = formats[round % formats.length];
      const whole = join(folder, `whole_${format}`);
      const began = performance.now();
      await run(argsOf(whole, format), null);
      const duration = performance.now() - began;
      const output = join(folder, `killed_${round}`);
      mkdirSync(output);
      for (;;) {
        const end = await run(argsOf(output, format), killed < kills ? Math.random() * duration : null);
        if (/goes on after/.test(end.said)) middle++;
        if (!end.killed) break;
        killed++;
      }
      for (const file of filesOf(format))
        if (!readFileSync(join(output, file)).equals(readFileSync(join(whole, file))))
          throw new Error(`${file} is another one after ${killed} kills`);
      ends++;
      for (const each of [output, whole]) rmSync(each, { recursive: true });
    }
    return { killed, ends, middle };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { kills: { type: 'string', default: '50' }, images: { type: 'string', default: '600' } };
  const { values } = parseArgs({ options });
  const { killed, ends, middle } = await killBatches(Number(values.kills), Number(values.images));
  console.log(`${killed} kills, ${middle} runs that went on in the middle, ${ends} ends, all with the same bytes`);
}
