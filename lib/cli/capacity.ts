/** How many images a server computes in time, by what its batches were measured to take. */
import { RandomWords } from '../data/random_words.js';
import { batchSizeFor, batchSizesUpTo } from '../model/batch_sizes.js';

/** What a run of so many images takes. */
export interface MeasuredBatch {
  readonly batch: number;
  readonly medianMs: number;
  readonly maxMs: number;
}

/** What was measured of a server's network, on the machine that will serve. */
export interface Profile {
  /** Smallest batch first, which is one image. */
  readonly batches: readonly MeasuredBatch[];
  /** One of so many runs took as long as the longest one. */
  readonly runs: number;
  /** Work of an image besides the network, such as decoding, when all cores do nothing else. */
  readonly imageMs: number;
}

export interface Load {
  /** Mean and of one hundred, fifty and one request: what they wait in all, in milliseconds. */
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Part of the time in which a batch runs. */
  readonly busy: number;
  readonly meanBatch: number;
}

const warmUp = 2_000;
const counted = 20_000;
// Looked up once: under Jest each use of a global goes through a sandbox.
const { log } = Math;

/** The most images per second that a server can compute. */
export function mostPerSecond({ batches, runs, imageMs }: Profile): number {
  const rate = ({ batch, medianMs, maxMs }: MeasuredBatch) =>
    (1000 * batch) / (medianMs + (maxMs - medianMs) / runs + batch * imageMs);
  return Math.max(...batches.map(rate));
}

/**
 * Requests of one image that come at random (a Poisson process, as what a balancer hands out of many callers) and share batches as those of
 * `Model` do: what waits while a batch runs goes together into the next one. The same random numbers each time.
 * @param perSecond images a second
 */
export function simulate(profile: Profile, perSecond: number): Load {
  const words = new RandomWords(1n, 2n);
  let drawn = 0;
  const uniform = () => (words.word(drawn++) + 1) / 2 ** 32;
  const gap = () => (-log(uniform()) * 1000) / perSecond;
  const largest = Math.max(...profile.batches.map(({ batch }) => batch));
  const bySize = new Map(batchSizesUpTo(largest).map((size) => [size, batchOf(profile, size)]));
  const latencies: number[] = [];
  const arrivals: number[] = [];
  let [now, next, work, images, runs, seen] = [0, gap(), 0, 0, 0, 0];
  let began = 0;
  while (latencies.length < counted) {
    while (next <= now) {
      arrivals.push(next);
      next += gap();
    }
    if (arrivals.length === 0) {
      now = next;
      continue;
    }
    const size = batchSizeFor(arrivals.length, largest);
    const { medianMs, maxMs } = bySize.get(size) as MeasuredBatch;
    const time = (uniform() * profile.runs < 1 ? maxMs : medianMs) + size * profile.imageMs;
    now += time;
    for (const arrival of arrivals.splice(0, size)) if (++seen > warmUp) latencies.push(now - arrival);
    if (seen <= warmUp) {
      began = now;
      continue;
    }
    work += time;
    images += size;
    runs++;
  }
  latencies.sort((a, b) => a - b);
  const quantile = (part: number) => latencies[Math.floor(part * latencies.length)] as number;
  return {
    meanMs: latencies.reduce((sum, each) => sum + each, 0) / latencies.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    busy: work / (now - began),
    meanBatch: images / runs,
  };
}

/** A size that was not measured lies between two that were. */
function batchOf({ batches }: Profile, size: number): MeasuredBatch {
  const above = batches.find(({ batch }) => batch >= size) as MeasuredBatch;
  const below = batches.findLast(({ batch }) => batch <= size) ?? above;
  const part = above.batch === below.batch ? 0 : (size - below.batch) / (above.batch - below.batch);
  const between = (from: number, to: number) => from + part * (to - from);
  return {
    batch: size,
    medianMs: between(below.medianMs, above.medianMs),
    maxMs: between(below.maxMs, above.maxMs),
  };
}

/**
 * The most images per second that one server takes with its 99th percentile within a limit.
 * @param mostBusy part of the most that it could compute at all, so that there is room for what no plan foresees
 * @returns 0 where not even a request that comes alone is in time
 */
export function perSecondWithin(profile: Profile, p99Ms: number, mostBusy: number): number {
  const most = mostBusy * mostPerSecond(profile);
  const isInTime = (perSecond: number) => simulate(profile, perSecond).p99Ms <= p99Ms;
  if (!isInTime(most / 1000)) return 0;
  if (isInTime(most)) return most;
  let [low, high] = [most / 1000, most];
  while (high / low > 1.02) {
    const middle = Math.sqrt(low * high);
    if (isInTime(middle)) low = middle;
    else high = middle;
  }
  return low;
}
