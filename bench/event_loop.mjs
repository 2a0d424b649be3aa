// How long a server under full load keeps its event loop waiting, and what for: its own work, collections of garbage, or a core that others have.
//   node bench/event_loop.mjs [jpeg|tensor=jpeg] [seconds=10] [network=resnet_v1_50] [precision=float32] [niceness of the threads that compute ...]
// More than one niceness: one after the other, upwards. `elsewhere` is what no program could do better on this machine at that time: the delay of a
// process of its own with nothing to do, at a priority above all others where the system allows that.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PerformanceObserver } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../dist/index.js';
import { startServer } from '../dist/server/index.js';
import { probe } from './drivers/kinds/neighbours.mjs';
import { bodiesOf, slimnetRequest } from './drivers/requests.mjs';
import { load } from './load/load.mjs';
import { picturePaths } from './pictures.mjs';
import { quantile } from './statistics.mjs';

const period = 5;
const callers = 64;
const side = 224;

if (process.argv[2] === '--elsewhere') {
  try {
    setPriority(0, constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Then it is one process among others.
  }
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  process.stdout.write(JSON.stringify(await probe(() => Promise.resolve(), period, stop.signal)));
  process.exit(0);
}

const [way = 'jpeg', seconds = '10', network = 'resnet_v1_50', precision = 'float32', ...niceness] =
  process.argv.slice(2);

/** Milliseconds for which this thread, which is the event loop, has run and has waited for a core. */
function scheduled() {
  try {
    const [ran, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  } catch {
    return { ran: Number.NaN, waited: Number.NaN };
  }
}

/** The delays of an empty process meanwhile. */
function elsewhere() {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--elsewhere'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  return async () => {
    child.kill('SIGTERM');
    await ended;
    return JSON.parse(printed);
  };
}

/** Between two looks: how long the loop has run and waited. */
async function watch(signal) {
  const looks = [];
  let before = scheduled();
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, period));
    const now = scheduled();
    looks.push({ ran: now.ran - before.ran, waited: now.waited - before.waited });
    before = now;
  }
  return looks;
}

const folder = mkdtempSync(join(tmpdir(), 'slimnet-event-loop-'));
try {
  const pictures = await picturePaths(folder, 16);
  const model = await loadModel(network, { untrainedSeed: 1, precision, files: false });
  await model.warmup({ outputs: [model.outputs] });
  const pixels = (count) => Float32Array.from({ length: count * side * side * 3 }, (_, i) => ((i * 7919) % 255) - 127);
  const { head, asked } = slimnetRequest({ network, way, side });
  const bodies = bodiesOf({ way, pictures, side }, pixels, head);
  for (const nice of niceness.length === 0 ? [undefined] : niceness.map(Number)) {
    const computeNiceness = nice === undefined ? {} : { computeNiceness: nice };
    const server = await startServer({ models: { [network]: model }, port: 0, drainDelayMs: 0, ...computeNiceness });
    const target = { url: server.url, ...asked, bodies, callers };
    await load({ ...target, seconds: 2 });
    const stop = new AbortController();
    const collections = [];
    const observer = new PerformanceObserver((list) => collections.push(...list.getEntries().map((e) => e.duration)));
    observer.observe({ entryTypes: ['gc'] });
    const others = elsewhere();
    const delays = probe(() => Promise.resolve(), period, stop.signal);
    const looks = watch(stop.signal);
    const { perSecond, latency } = await load({ ...target, seconds: Number(seconds), warmUp: 1 });
    stop.abort();
    observer.disconnect();
    const text = (list) => [0.5, 0.9, 0.99, 1].map((share) => quantile(list, share).toFixed(2)).join(', ');
    const seen = await looks;
    console.log(
      `${network}, ${precision}, ${way}, ${nice === undefined ? 'niceness of the process' : `niceness ${nice}`}:`,
    );
    console.log(`  ${perSecond.toFixed(1)} images/s for ${callers} callers, p99 ${latency.p99.toFixed(0)} ms`);
    console.log(
      `  p50, p90, p99 and largest, ms: delay of the event loop ${text(await delays)}; elsewhere ${text(await others())}`,
    );
    console.log(
      `  of ${period} ms: ran ${text(seen.map(({ ran }) => ran))}; waited for a core ${text(seen.map(({ waited }) => waited))}`,
    );
    const sum = collections.reduce((a, b) => a + b, 0);
    console.log(
      `  ${collections.length} collections of garbage, ${sum.toFixed(0)} ms, the longest ${Math.max(0, ...collections).toFixed(1)} ms`,
    );
    await server.stop();
  }
  await model[Symbol.asyncDispose]();
} finally {
  rmSync(folder, { recursive: true });
}
