// What other work in the same process feels while a subject computes.
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const smallFile = fileURLToPath(new URL('../../package.json', import.meta.url));
/** Milliseconds from one call to the next. */
const period = 5;
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

/**
 * Delay of the event loop and latency of small operations, in milliseconds, while the subject runs without a pause. The delay is that
 * of an operation which is nothing. `monitorEventLoopDelay` is not used: a pause of a second is one sample of its many, and one that
 * begins before its first turn is none.
 */
export async function neighbours(subject, task, pixels) {
  const run = await subject.load(task);
  const input = pixels(task.batch);
  await run(input, task.batch);
  const stop = new AbortController();
  const operations = {
    delay: () => Promise.resolve(),
    readFile: () => readFile(smallFile),
    lookup: () => lookup('localhost'),
  };
  const probes = Object.entries(operations).map(async ([name, operation]) => [
    name,
    await probe(operation, period, stop.signal),
  ]);
  const end = performance.now() + task.seconds * 1000;
  while (performance.now() < end) await run(input, task.batch);
  stop.abort();
  return Object.fromEntries((await Promise.all(probes)).map(([name, latencies]) => [name, curve(latencies)]));
}
