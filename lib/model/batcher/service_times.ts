/** How long batches take, by what earlier ones of their key and size took. */
import { batchSizesUpTo } from '../batch_sizes.js';

/** Batches of each size that are remembered. */
const remembered = 16;
/** What is older than this, in milliseconds, is forgotten as soon as something newer is known. */
const freshMs = 30_000;
/** A batch that took so many times as long as any other remembered one is an accident (a suspended machine), no service time. */
const accident = 10;

/** What a batch may take longer than any lately. */
const reserve = 1.05;

/** Batches of one size. */
interface Measured {
  readonly count: number;
  readonly samples: readonly { readonly ms: number; readonly at: number }[];
}

/** What is known of a size. */
interface Known {
  readonly mean: number;
  readonly high: number;
  /** False as long as only the first batch of its size is known, which as a rule had its program compiled. */
  readonly settled: boolean;
}

const unknown: Known = { mean: 0, high: 0, settled: false };

/**
 * Service times of batches. A size of which nothing is known is judged by those of which something is: larger ones are taken to
 * cost no less for each payload than the next smaller one that is known. Where nothing is known at all, times are 0: nobody is refused
 * for what was not measured.
 */
export class ServiceTimes<K> {
  readonly sizes: readonly number[];
  readonly #measured = new Map<K, Map<number, Measured>>();
  readonly #known = new Map<K, Map<number, Known>>();

  constructor(maxBatchSize: number) {
    this.sizes = batchSizesUpTo(maxBatchSize);
  }

  /** A batch has taken `ms`, and ends now. */
  record(key: K, size: number, ms: number, now: number): void {
    const ofKey = this.#measured.get(key) ?? new Map<number, Measured>();
    this.#measured.set(key, ofKey);
    for (const [other, { count, samples }] of ofKey) {
      const fresh = samples.filter(({ at }) => now - at <= freshMs);
      if (fresh.length === 0) ofKey.delete(other);
      else ofKey.set(other, { count, samples: fresh });
    }
    const { count, samples } = ofKey.get(size) ?? { count: 0, samples: [] };
    // The first one makes way for the second: as a rule it had its program compiled.
    const kept = count === 1 ? [] : samples.slice(1 - remembered);
    ofKey.set(size, { count: count + 1, samples: [...kept, { ms, at: now }] });
    this.#known.set(key, this.#estimates(ofKey));
  }

  /** A batch was given up after `ms`: it would have taken longer. Twice as long is assumed where less was expected. */
  recordGivenUp(key: K, size: number, ms: number, now: number): void {
    if (ms > this.safe(key, size)) this.record(key, size, 2 * ms, now);
  }

  /** Mean of the time that a batch takes, in milliseconds; 0 where nothing is known. */
  mean(key: K, size: number): number {
    return this.#of(key, size).mean;
  }

  /** What a batch needs to be in time for sure: a little more than the longest one lately. */
  safe(key: K, size: number): number {
    return reserve * this.#of(key, size).high;
  }

  /** Time of the device that one payload costs at least, in milliseconds. */
  leastPerPayload(key: K): number {
    return Math.min(...this.sizes.map((size) => this.mean(key, size) / size));
  }

  #of(key: K, size: number): Known {
    return this.#known.get(key)?.get(size) ?? unknown;
  }

  #estimates(measured: ReadonlyMap<number, Measured>): Map<number, Known> {
    const known = new Map([...measured].map(([size, of]) => [size, summary(of)]));
    const settled = [...known].filter(([, of]) => of.settled).sort(([a], [b]) => a - b);
    const estimates = new Map<number, Known>();
    for (const size of this.sizes) {
      const own = known.get(size);
      const [from, below] = settled.findLast(([other]) => other < size) ?? [];
      const [, above] = settled.find(([other]) => other > size) ?? [];
      const grown = from === undefined || below === undefined ? undefined : scaled(below, size / from);
      const derived = lesser(grown, above);
      const estimate = own?.settled === true ? own : lesser(own, derived);
      if (estimate !== undefined) estimates.set(size, estimate);
    }
    return estimates;
  }
}

function summary({ count, samples }: Measured): Known {
  const times = samples.map(({ ms }) => ms).sort((a, b) => b - a);
  if (times.length > 1 && (times[0] as number) > accident * (times[1] as number)) times.shift();
  return { mean: times.reduce((sum, ms) => sum + ms, 0) / times.length, high: times[0] as number, settled: count > 1 };
}

function scaled({ mean, high, settled }: Known, factor: number): Known {
  return { mean: mean * factor, high: high * factor, settled };
}

function lesser(a: Known | undefined, b: Known | undefined): Known | undefined {
  return a === undefined || (b !== undefined && b.mean < a.mean) ? b : a;
}
