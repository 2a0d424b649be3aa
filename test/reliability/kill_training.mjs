/**
 * Kills a training at random moments, has it go on each time, and compares the end with that of a training that nobody killed: variables,
 * slots, averages and what was best must be the same to the bit. A training that ends before all kills are done is begun anew.
 *
 *   node test/reliability/kill_training.mjs [--kills 200]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkpoint } from '../../dist/index.js';

const training = fileURLToPath(new URL('training.mjs', import.meta.url));

/** @param delay milliseconds after the first output at which it is killed; null: never. @returns its last line, null where it was killed; time of its steps */
function train(folder, delay) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [training, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    let begun = 0;
    child.stdout.on('data', (text) => {
      if (printed === '') {
        begun = performance.now();
        if (delay !== null) setTimeout(() => child.kill('SIGKILL'), delay);
      }
      printed += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const milliseconds = performance.now() - begun;
      if (signal === 'SIGKILL') resolve({ end: null, milliseconds });
      else if (status !== 0) reject(new Error(`the training ended with status ${status}`));
      else resolve({ end: printed.trimEnd().split('\n').at(-1), milliseconds });
    });
  });
}

/**
 * @param part of the time that the steps of a whole training take, within which each is killed: so they get ahead on a busy machine as well
 * @returns trainings that were killed and came to their end. @throws where one ends otherwise, or a checkpoint cannot be loaded
 */
export async function killTrainings(kills, part = 0.15) {
  const root = mkdtempSync(join(tmpdir(), 'slimnet-killed-training-'));
  try {
    const { end: expected, milliseconds } = await train(join(root, 'whole'), null);
    const longestDelay = part * milliseconds;
    let ends = 0;
    let killed = 0;
    while (killed < kills) {
      const folder = join(root, `run${ends}`);
      for (;;) {
        const { end } = await train(folder, killed < kills ? Math.random() * longestDelay : null);
        if (end === null) {
          killed++;
          const newest = await checkpoint.latestCheckpoint(folder);
          if (newest !== null) {
            const reader = await checkpoint.openCheckpoint(newest);
            for (const name of reader.tensors.keys()) await reader.read(name);
            await reader.close();
          }
          continue;
        }
        if (end !== expected) throw new Error(`after ${killed} kills: expected ${expected}, received ${end}`);
        break;
      }
      ends++;
      rmSync(folder, { recursive: true });
    }
    return { killed, ends };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } });
  const { killed, ends } = await killTrainings(Number(values.kills));
  console.log(`${killed} kills, ${ends} trainings that ended, all with the same bits`);
}
