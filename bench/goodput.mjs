// What a server still answers in time when more is asked of it than it can do: docs/serving.md has the table and the chart that this makes.
//
//   node bench/goodput.mjs [--model resnet_v1_50] [--size 224] [--threads N] [--loads 1.5,3,10] [--seconds 20] [--rounds 3] [--svg FILE]
//
// Calls come at random (Poisson) whatever becomes of the earlier ones, with the options that the README gives a server. Capacity is what
// full batches without a pause and without a time limit give; it is measured before and after each load, because machines drift.
import { writeFileSync } from 'node:fs';
import { loadModel } from '../dist/index.js';
import { commandLine } from '../scripts/lib/command_line.mjs';
import { draw } from './pictures.mjs';
import { bars } from './report/bars.mjs';
import { median, quantile } from './statistics.mjs';

const batching = { maxBatchSize: 16, queueLimit: 256, timeoutMs: 2000 };
const { values } = commandLine(import.meta.url, {
  options: {
    model: { type: 'string', default: 'resnet_v1_50' },
    size: { type: 'string', default: '224' },
    threads: { type: 'string' },
    loads: { type: 'string', default: '1.5,3,10' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    svg: { type: 'string' },
  },
});
const [size, seconds, rounds] = [Number(values.size), Number(values.seconds), Number(values.rounds)];
const loads = values.loads.split(',').map(Number);
const threads = values.threads === undefined ? {} : { threads: Number(values.threads) };
/** Answers of one batch come within this time. */
const sameBatchMs = 30;
/** Of each phase, so that the queue has come to rest. */
const warmUpSeconds = Math.max(3, (2 * batching.timeoutMs) / 1000);

const model = await loadModel(values.model, {
  ...{ untrainedSeed: 1, imageSize: size, precision: 'float32', files: false, batching },
  ...threads,
});
const jpegs = await Promise.all(Array.from({ length: 32 }, async (_, i) => (await draw(320, 240, i + 1)).toBuffer()));
await model.warmup({ outputs: ['predictions'] });

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs `phase(count)` for a while; what `count` is told after the warm-up, it counts. */
async function counted(forSeconds, phase) {
  const from = performance.now() + 1000 * warmUpSeconds;
  const until = from + 1000 * forSeconds;
  const seen = { done: 0, refused: 0, late: 0, latencies: [] };
  const ends = [];
  const count = (what, latency) => {
    const now = performance.now();
    if (now < from || now >= until) return;
    seen[what]++;
    if (what !== 'done') return;
    ends.push(now);
    seen.latencies.push(latency);
  };
  await phase(until, count);
  // Answers come by the batch: from the end of the first batch to that of the last one, so that no part of a batch counts.
  const [first, last] = [ends[0] ?? 0, ends.at(-1) ?? 1];
  const perSecond = (1000 * ends.filter((end) => end > first + sameBatchMs).length) / (last - first);
  return { ...seen, perSecond };
}

/** Images a second in full batches. */
async function capacity() {
  const { perSecond } = await counted(seconds / 2, async (until, count) => {
    const client = async (i) => {
      while (performance.now() < until) {
        await model.classify(jpegs[i % jpegs.length], { timeoutMs: 60_000 });
        count('done', 0);
      }
    };
    await Promise.all(Array.from({ length: 4 * batching.maxBatchSize }, (_, i) => client(i)));
  });
  return perSecond;
}

/** Answers in time while `perSecond` calls come. */
function goodput(perSecond) {
  return counted(seconds, async (until, count) => {
    const pending = new Set();
    let due = performance.now();
    for (let i = 0; performance.now() < until; i++) {
      due += (-Math.log(1 - Math.random()) * 1000) / perSecond;
      if (due > performance.now() + 1) await sleep(due - performance.now());
      const start = performance.now();
      const call = model.classify(jpegs[i % jpegs.length]).then(
        () => count('done', performance.now() - start),
        ({ code }) => {
          if (code !== 'ERR_QUEUE_FULL' && code !== 'ERR_ABORTED') throw new Error(`an unexpected end: ${code}`);
          count(code === 'ERR_ABORTED' ? 'late' : 'refused', 0);
        },
      );
      pending.add(call);
      void call.finally(() => pending.delete(call));
    }
    await Promise.all(pending);
  });
}

const results = new Map(loads.map((load) => [load, []]));
let before = await capacity();
for (let round = 0; round < rounds; round++) {
  for (const load of loads) {
    const found = await goodput(load * before);
    const after = await capacity();
    const around = (before + after) / 2;
    const { done, refused, late, latencies, perSecond } = found;
    const result = { capacity: around, perSecond, share: perSecond / around, done, refused, late };
    results.get(load).push({ ...result, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) });
    console.error(`${load} times: ${JSON.stringify(results.get(load).at(-1))}`);
    before = after;
  }
}
await model[Symbol.asyncDispose]();

console.log(
  '| calls, times the capacity | capacity, images/s | answers in time, images/s | of the capacity | late | p50, ms | p99, ms |',
);
console.log('| --- | --- | --- | --- | --- | --- | --- |');
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const rows = loads.map((load) => {
  const of = (key) => results.get(load).map((one) => one[key]);
  const shares = of('share');
  const late = of('late').reduce((sum, n) => sum + n, 0) / of('done').reduce((sum, n) => sum + n, 0);
  const middle = (key, digits) => median(of(key)).toFixed(digits);
  console.log(
    `| ${load} | ${middle('capacity', 1)} | ${middle('perSecond', 1)} | ${percent(median(shares))} (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}) |` +
      ` ${percent(late)} | ${middle('p50', 0)} | ${middle('p99', 0)} |`,
  );
  const bar = { label: `${load} times the capacity`, value: 100 * median(shares), text: percent(median(shares)) };
  return { ...bar, low: 100 * Math.min(...shares), high: 100 * Math.max(...shares), accent: true };
});
if (values.svg !== undefined) {
  const title = `Answers in time under overload: ${values.model}, ${size} pixels`;
  writeFileSync(values.svg, bars({ title, unit: '% of the capacity', groups: [{ label: '', bars: rows }] }));
}
