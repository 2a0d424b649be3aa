// What other work in the same process feels while a subject computes.
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const smallFile = fileURLToPath(new URL('../../package.json', import.meta.url));
const percentiles = [50, 75, 90, 95, 99, 99.9, 100];

/**
 * Calls `operation` every `period` milliseconds until `signal` is aborted. A call is due at its time even when the event loop is
 * busy then: what the loop misses counts with the time that it waited, measured by the one call that is made for all of them.
 * @returns milliseconds from the time due to the end, of each call
 */
export async function probe(operation, period, signal) {
  const latencies = [];
  const pending = new Set();
  let due = performance.now() + period;
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const slots = [];
    for (; due <= performance.now(); due += period) slots.push(due);
    if (slots.length === 0) continue;
    const call = operation().then(() => {
      const end = performance.now();
      for (const slot of slots) latencies.push(end - slot);
      pending.delete(call);
    });
    pending.add(call);
  }
  await Promise.all(pending);
  return latencies;
}

/** `[[percentile, value], ...]` of a list; 100 is the largest. */
export function curve(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return percentiles.map((p) => [p, sorted[Math.max(0, Math.ceil((p * sorted.length) / 100 - 1e-9) - 1)]]);
}

/** Delay of the event loop and latency of small operations, in milliseconds, while the subject runs without a pause. */
export async function neighbours(subject, task, pixels) {
  const run = await subject.load(task);
  const input = pixels(task.batch);
  await run(input, task.batch);
  const stop = new AbortController();
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  const probes = [probe(() => readFile(smallFile), 5, stop.signal), probe(() => lookup('localhost'), 5, stop.signal)];
  histogram.enable();
  // It measures from one turn to the next: without a first one, a pause at once would not count.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const end = performance.now() + task.seconds * 1000;
  while (performance.now() < end) await run(input, task.batch);
  // The pause that is going on counts when the loop turns again.
  await new Promise((resolve) => setTimeout(resolve, 20));
  histogram.disable();
  stop.abort();
  if (histogram.count === 0) throw new Error('The event loop did not turn once while its delay was measured.');
  const [readFileTimes, lookupTimes] = await Promise.all(probes);
  return {
    delay: percentiles.map((p) => [p, (p === 100 ? histogram.max : histogram.percentile(p)) / 1e6]),
    readFile: curve(readFileTimes),
    lookup: curve(lookupTimes),
  };
}
