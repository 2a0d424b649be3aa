/**
 * Kills a process that saves checkpoints over each other, again and again, and loads what is there after each kill: it must be the last
 * one that was saved, or the one that was being saved.
 *
 *   node test/reliability/kill_saves.mjs [--kills 2000] [--format tensorflow_v2]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkpoint } from '../../dist/index.js';

const saving = fileURLToPath(new URL('saving.mjs', import.meta.url));

/** The value of all elements of all tensors. @throws where they differ */
async function load(path) {
  const reader = await checkpoint.openCheckpoint(path);
  const values = new Set();
  for (const name of reader.tensors.keys()) for (const value of (await reader.read(name)).data) values.add(value);
  await reader.close();
  if (values.size !== 1) throw new Error(`a mixture of ${[...values].join(', ')}`);
  return [...values][0];
}

/** Saves from number `first` on until the process is killed, `delay` ms after its first save. @returns the last number that it printed */
function saveUntilKilled(format, path, first, delay) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [saving, format, path, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (text) => {
      if (printed === '') setTimeout(() => child.kill('SIGKILL'), delay);
      printed += text;
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (signal !== 'SIGKILL')
        reject(new Error(`the process that saves ended with status ${status}, signal ${signal}`));
      // A line that was cut off does not count.
      else resolve(Number(printed.split('\n').at(-2)));
    });
  });
}

/**
 * @returns how often the old and the new one was found, and the most files that lay about
 * @throws where something else was found, or nothing
 */
export async function killSaves(kills, format) {
  const folder = mkdtempSync(join(tmpdir(), 'slimnet-kills-'));
  const path = join(folder, 'model');
  const found = { old: 0, new: 0, mostFiles: 0 };
  try {
    for (let kill = 0, next = 1; kill < kills; kill++) {
      const saved = await saveUntilKilled(format, path, next, Math.random() * 60);
      const value = await load(path).catch((error) => {
        throw new Error(
          `kill ${kill + 1}: nothing can be loaded from ${readdirSync(folder).join(', ')}: ${error.message}`,
        );
      });
      if (value !== saved && value !== saved + 1)
        throw new Error(`kill ${kill + 1}: found ${value} where ${saved} was saved`);
      found[value === saved ? 'old' : 'new']++;
      found.mostFiles = Math.max(found.mostFiles, readdirSync(folder).length);
      next = value + 1;
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '2000' }, format: { type: 'string', default: 'tensorflow_v2' } },
  });
  const { old, new: fresh, mostFiles } = await killSaves(Number(values.kills), values.format);
  console.log(
    `${values.format}: ${values.kills} kills; found the last one saved ${old} times, the one being saved ${fresh} times, at most ${mostFiles} files`,
  );
}
