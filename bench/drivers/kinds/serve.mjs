// A server under load that comes from another process.
import { load } from '../../load/load.mjs';
import { quantile } from '../../statistics.mjs';
import { memoryOf } from './memory.mjs';
import { probe } from './neighbours.mjs';

const callers = 64;
/** Milliseconds between two looks at the event loop. */
const period = 5;

/** Runs `work` and gives its result, and the delay of the event loop meanwhile. */
async function watched(work) {
  const stop = new AbortController();
  const delays = probe(() => Promise.resolve(), period, stop.signal);
  const result = await work();
  stop.abort();
  return { ...result, delay: quantile(await delays, 0.99) };
}

/**
 * What 64 callers get who each wait for their answer; then the course of latency as requests come at random, at shares of that.
 * @returns `{ perSecond, engine, delay, cores, points: [{ share, perSecond, p50, p99 }] }`; `engine`: what the runtime does in this process, with
 *   nothing to send or receive, where the subject tells
 */
export async function serve(subject, task, pixels) {
  const { stop, engine, ...target } = await subject.serve(task, pixels);
  const { seconds, shares } = task;
  await load({ ...target, callers, seconds: Math.min(2, seconds) });
  const engineBefore = await engine?.(seconds);
  const full = await watched(() => load({ ...target, callers, seconds, warmUp: seconds / 4 }));
  const engineAfter = await engine?.(seconds);
  const points = [];
  for (const share of shares) {
    const found = await load({ ...target, rate: share * full.perSecond, seconds, warmUp: seconds / 4, seed: 7 });
    const { perSecond, latency, refused, failed } = found;
    points.push({ share, perSecond, p50: latency.p50, p99: latency.p99, refused, failed });
  }
  await stop();
  const { perSecond, delay, cores, failed } = full;
  return {
    ...{ perSecond, delay, cores, failed, points },
    ...(engineBefore === undefined ? {} : { engine: (engineBefore + engineAfter) / 2 }),
  };
}

const overloadTimes = 3;
/** Limit of a request, as docs/serving.md recommends one. */
const timeoutMs = 2000;
/** Share of the capacity that comes once the overload is over. */
const afterwards = 0.2;
const recoverySeconds = 3;

/** Requests at three times the capacity, and what comes after. */
export async function overload(subject, task, pixels) {
  const { stop, engine: _, ...target } = await subject.serve({ ...task, limits: { timeoutMs } }, pixels);
  const { seconds } = task;
  const capacity = () => load({ ...target, callers, seconds: Math.max(2, seconds / 6), warmUp: 1 });
  await capacity();
  const before = await capacity();
  const calm = await load({ ...target, rate: afterwards * before.perSecond, seconds: recoverySeconds, warmUp: 0.5 });
  const resident = [];
  const timer = setInterval(() => resident.push([performance.now(), memoryOf('VmRSS')]), 1000);
  const found = await watched(() =>
    load({ ...target, rate: overloadTimes * before.perSecond, seconds, warmUp: 2 * (timeoutMs / 1000) }),
  );
  clearInterval(timer);
  // A second after the last request of the overload has been answered or refused, callers find what they found before.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const later = await load({ ...target, rate: afterwards * before.perSecond, seconds: recoverySeconds });
  const after = await capacity();
  await stop();
  const around = (before.perSecond + after.perSecond) / 2;
  const half = resident.slice(Math.floor(resident.length / 2)).map(([, bytes]) => bytes);
  const quarter = resident.slice(Math.floor(resident.length / 4), Math.floor(resident.length / 2));
  const first = quantile(
    quarter.map(([, bytes]) => bytes),
    0.5,
  );
  return {
    ...{ capacity: around, perSecond: found.perSecond, share: found.perSecond / around },
    ...{ sent: found.sent, answered: found.answered, refused: found.refused, failed: found.failed },
    ...{ p99: found.latency.p99, refusalP99: found.refusal.p99, delay: found.delay, cores: found.cores },
    growth: quantile(half, 0.5) - first,
    ...{ calmP99: calm.latency.p99, laterP99: later.latency.p99, laterRefused: later.refused },
  };
}
