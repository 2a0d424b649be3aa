// What all drivers share: the task from the command line, the clock, the event-loop probe, the memory of this process.
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** @returns the task that bench/run.mjs handed over */
export function task() {
  return JSON.parse(process.argv[2]);
}

/** Pixels of a batch: the same bytes for every subject. `order` is the memory order that the subject takes. */
export function pixels(batch, order) {
  const [size, channels] = [224, 3];
  const data = new Float32Array(batch * size * size * channels);
  for (let i = 0; i < data.length; i++) {
    const value = ((Math.imul(i, 2654435761) >>> 8) % 256) - 120;
    if (order === 'nhwc') data[i] = value;
    else {
      const c = i % channels;
      const p = Math.floor(i / channels) % (size * size);
      const n = Math.floor(i / (channels * size * size));
      data[(n * channels + c) * size * size + p] = value;
    }
  }
  return data;
}

/** Runs `run` for `seconds` after a warm-up and gives milliseconds of each call. */
export async function timed(seconds, run) {
  for (let i = 0; i < 3; i++) await run();
  const times = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

/** Event-loop delay in milliseconds while `run` is called over and over for `seconds`. */
export async function loopDelay(seconds, run) {
  for (let i = 0; i < 2; i++) await run();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) await run();
  histogram.disable();
  return { p50: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 };
}

/** Peak resident memory of this process in bytes. */
export function peakMemory() {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}

/** Answers one task with a subject: `{ load(task) -> run(batchPixels), order }`. */
export async function answer(subject) {
  const t = task();
  const begun = performance.timeOrigin;
  const run = await subject.load(t);
  const input = pixels(t.batch, subject.order);
  const logits = await run(input, t.batch);
  const firstLogits = performance.timeOrigin + performance.now() - begun;
  const result = { firstLogits, logits: t.wantLogits ? Array.from(logits) : undefined };
  if (t.kind === 'throughput') result.times = await timed(t.seconds, () => run(input, t.batch));
  if (t.kind === 'loop') result.delay = await loopDelay(t.seconds, () => run(input, t.batch));
  if (t.kind === 'memory') {
    await timed(1, () => run(input, t.batch));
    result.peak = peakMemory();
  }
  console.log(JSON.stringify(result));
  process.exit(0);
}
