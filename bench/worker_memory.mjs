// What a worker of `slimnet serve --workers` has in memory for itself, beyond one without a model and its working memory: the arena, and the room in which
// batches are put together.
//   node bench/worker_memory.mjs [network=resnet_v1_50] [precision=float32] [workers=2] [further flags of serve ...]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadModel } from '../dist/index.js';

const [network = 'resnet_v1_50', precision = 'float32', workers = '2', ...flags] = process.argv.slice(2);
const program = new URL('../dist/cli/main.js', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'slimnet-workers-'));
const settleMs = 3000;

/** Sum of lines of a file in /proc that holds kilobytes, in bytes. */
function kilobytes(path, lines) {
  const found = [...readFileSync(path, 'utf8').matchAll(/^(\w+):\s+(\d+) kB$/gm)];
  return found.filter(([, name]) => lines.includes(name)).reduce((sum, [, , n]) => sum + Number(n) * 1024, 0);
}

/** Runs a server until its workers have settled. @returns what each has for itself, in bytes, and metrics of all */
async function measure(served, loaded) {
  const args = [program, 'serve', ...served, '--port', '0', '--workers', workers];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    log += text;
  });
  try {
    const url = () => log.match(/listening at (\S+), \d+ workers/)?.[1];
    const ready = async () => loaded === false || (await fetch(`${url()}/v2/health/ready`)).status === 200;
    while (url() === undefined || !(await ready())) {
      if (child.exitCode !== null) throw new Error(log);
      await wait(200);
    }
    await wait(settleMs);
    const pids = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
    const own = pids.map((pid) => kilobytes(`/proc/${pid}/smaps_rollup`, ['Private_Clean', 'Private_Dirty']));
    const peaks = pids.map((pid) => kilobytes(`/proc/${pid}/status`, ['VmHWM']));
    const metrics = await (await fetch(`${url()}/metrics`)).text();
    const bytes = (kind) => Number(metrics.match(new RegExp(`kind="${kind}"} (\\d+)`))?.[1] ?? 0) / pids.length;
    return { own, peaks, arena: bytes('arena') + bytes('inputs'), weights: bytes('variables') + bytes('packed'), log };
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

const text = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

try {
  const checkpoint = join(folder, 'network.safetensors');
  const model = await loadModel(network, { untrainedSeed: 1, precision: 'float32' });
  await model.session.save(checkpoint);
  await model[Symbol.asyncDispose]();
  mkdirSync(join(folder, 'none'));
  const without = Math.min(...(await measure(['--repository', join(folder, 'none')], false)).own);
  const served = ['--model', network, '--checkpoint', checkpoint, '--precision', precision, ...flags];
  for (const sharing of [['--no-shared-weights'], ['--shared-weights', join(folder, 'shared')]]) {
    const { own, peaks, arena, weights, log } = await measure([...served, ...sharing], true);
    const beyond = own.map((bytes) => text(bytes - without - arena)).join(', ');
    console.log(
      `${network}, ${precision}, ${sharing[0]}: weights ${text(weights)}, working memory ${text(arena)}; ` +
        `of the workers' own ${own.map(text).join(', ')}, ` +
        `of which beyond a worker without a model (${text(without)}) and its working memory: ${beyond}; ` +
        `resident at most ${peaks.map(text).join(', ')}`,
    );
    for (const [line] of log.matchAll(/.*not shared.*/g)) console.log(line);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
