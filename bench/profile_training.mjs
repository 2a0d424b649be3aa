// Where the time of a training step goes: the best of several times of each step of its plan, summed up by op and kernel, and what memory
// it needs.
//
// node bench/profile_training.mjs [--batch 16] [--side 224] [--threads 2] [--precision float32] [--runs 5] [--network resnet_v1_50]
//   [--steps]   each step of the plan in its order     [--plan]   the optimized plan
import * as slimnet from '../dist/index.js';
import { commandLine } from '../scripts/lib/command_line.mjs';
import { buildTrainingStep, labelsOf } from './training_step.mjs';

const { values: options } = commandLine(import.meta.url, {
  options: {
    batch: { type: 'string', default: '16' },
    side: { type: 'string', default: '224' },
    threads: { type: 'string', default: '2' },
    precision: { type: 'string', default: 'float32' },
    runs: { type: 'string', default: '5' },
    network: { type: 'string', default: 'resnet_v1_50' },
    steps: { type: 'boolean', default: false },
    plan: { type: 'boolean', default: false },
  },
});
const [batch, side, threads, runs] = ['batch', 'side', 'threads', 'runs'].map((name) => Number(options[name]));
const { network, precision } = options;

const { graph, loss } = buildTrainingStep(slimnet, { network, batch, side });
const session = await slimnet.Session.create(graph, { threads, precision });
await session.initialize();
const feeds = {
  images: Float32Array.from({ length: batch * side * side * 3 }, (_, i) => Math.sin(i)),
  labels: labelsOf(batch),
};
if (options.plan) console.log(await session.plan({ loss }));

let best;
let report;
let fastest = Number.POSITIVE_INFINITY;
for (let i = 0; i <= runs; i++) {
  const begin = performance.now();
  await session.run(feeds, { loss }, { profile: true });
  if (i > 0) fastest = Math.min(fastest, performance.now() - begin);
  report = await session.report({ loss });
  const times = report.steps.map(({ nanoseconds }) => nanoseconds / 1e6);
  if (i > 0) best = best?.map((time, j) => Math.min(time, times[j])) ?? times;
}

const total = best.reduce((a, b) => a + b, 0);
const line = (ms, count, name) =>
  console.log(
    `${ms.toFixed(2).padStart(9)} ms ${((100 * ms) / total).toFixed(1).padStart(5)} % ${String(count).padStart(4)}  ${name}`,
  );
const nameOf = ({ op, postOps, implementation }) => `${[op, ...postOps].join('+')} [${implementation}]`;
if (options.steps) for (const [i, s] of report.steps.entries()) line(best[i], i, `${nameOf(s)} ${s.output} ${s.node}`);
for (const [title, key] of [
  ['by op', ({ op }) => op],
  ['by op and kernel', nameOf],
]) {
  const groups = new Map();
  for (const [i, item] of report.steps.entries()) {
    const group = groups.get(key(item)) ?? [0, 0];
    groups.set(key(item), [group[0] + best[i], group[1] + 1]);
  }
  console.log(`\n${title}`);
  for (const [name, [ms, count]] of [...groups].sort((a, b) => b[1][0] - a[1][0])) line(ms, count, name);
}
const MiB = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
console.log(
  `\n${network}, batch ${batch}, ${side}x${side}, ${precision}, ${threads} threads: ${report.steps.length} steps, sum of their best times ` +
    `${total.toFixed(1)} ms, fastest run ${fastest.toFixed(1)} ms of ${runs}; arena ${MiB(report.arenaBytes)}, constants ${MiB(report.constantBytes)}, ` +
    `new values ${MiB(report.spareBytes)}`,
);
await session.dispose();
