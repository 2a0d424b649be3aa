// What a training step costs others in its session: while a plan with 100 MB of updates runs again and again, a timer calls `run`,
// `stats()` and two small `read`s on each tick. Prints percentiles in milliseconds: of the calls, which is how long a tick keeps the event
// loop, of the tick's delay, and of the time until the run has its result.
//
// node bench/beside_updates.mjs [seconds] [threads]
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { apply } from '../build/lib/core/graph.js';
import { Graph, placeholder, Session } from '../build/lib/index.js';
import * as ops from '../build/lib/ops/index.js';
import { getVariable } from '../build/lib/slim/get_variable.js';
import { zerosInitializer } from '../build/lib/slim/initializers.js';
import { commandLine } from '../scripts/lib/command_line.mjs';
import { quantile } from './statistics.mjs';

const { positionals } = commandLine(import.meta.url, { allowPositionals: true });
const [seconds = 10, threads = 2] = positionals.map(Number);
if (!(seconds > 0 && threads > 0)) throw new Error(`Expected seconds and threads, received ${positionals.join(' ')}.`);
const blocks = 100;
const side = 512; // 1 MiB each
const tickMs = 5;

const graph = new Graph();
const { updates, product } = graph.build(() => {
  const variable = (name, shape) => getVariable(name, { shape, initializer: zerosInitializer() });
  const gradient = placeholder('float32', [side, side], { name: 'gradient' });
  const updates = Array.from({ length: blocks }, (_, i) => {
    const weights = variable(`weights_${i}`, [side, side]);
    return apply(ops.assignMovingAverage, { variable: weights.tensor, value: gradient }, { decay: 0.9 }, `update_${i}`)
      .y;
  });
  const small = variable('small', [64]);
  const x = placeholder('float32', [64], { name: 'x' });
  return { updates, product: apply(ops.mul, { x, y: small.tensor }, {}, 'product').z };
});

const session = await Session.create(graph, { threads });
await session.initialize();
const feeds = { gradient: new Float32Array(side * side).fill(1) };
const x = { x: new Float32Array(64) };
await session.run(feeds, {}, { updates });
await session.run(x, { product });

let steps = 0;
let going = true;
const training = (async () => {
  while (going) {
    await session.run(feeds, {}, { updates });
    steps++;
  }
})();

const calls = [];
const delays = [];
const answers = [];
const pending = [];
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
const begin = performance.now();
let due = begin + tickMs;
await new Promise((resolve) => {
  const tick = () => {
    const start = performance.now();
    delays.push(Math.max(0, start - due));
    pending.push(session.run(x, { product }).then(() => answers.push(performance.now() - start)));
    session.stats();
    session.read('small');
    session.read('small');
    calls.push(performance.now() - start);
    if (start - begin > 1000 * seconds) return resolve();
    due = performance.now() + tickMs;
    setTimeout(tick, tickMs);
  };
  setTimeout(tick, tickMs);
});
const elapsed = (performance.now() - begin) / 1000;
going = false;
await training;
await Promise.all(pending);
loop.disable();

const line = (values) => [0.5, 0.9, 0.99, 1].map((q) => quantile(values, q).toFixed(2)).join('  ');
console.log(
  `${(steps / elapsed).toFixed(1)} steps/s of ${blocks} MiB, ${calls.length} ticks of ${tickMs} ms, ${threads} threads`,
);
console.log('ms                p50   p90   p99   max');
console.log(`calls of a tick   ${line(calls)}`);
console.log(`delay of a tick   ${line(delays)}`);
console.log(`result of a run   ${line(answers)}`);
console.log(`event loop p99    ${(loop.percentile(99) / 1e6).toFixed(2)}`);
session.dispose();
