/** Admission control: whether a request's time limit can be met, by what batches were measured to take. */

import { batchSizeFor } from '../batch_sizes.js';
import { ArrivalRate } from './arrival_rate.js';
import { PreparationTimes } from './preparation_times.js';
import { ServiceTimes } from './service_times.js';

/** What a batcher has to do at a moment. */
export interface Load<K> {
  readonly now: number;
  /** Batches that were handed to the device. */
  readonly batches: Iterable<{ readonly key: K; readonly size: number; readonly beganAt: number | null }>;
  /** Payloads that wait for their batch. */
  readonly waiting: ReadonlyMap<K, number>;
  /** Those of them that are not prepared. */
  readonly unprepared: number;
}

/** What asks to be admitted. */
export interface Candidate<K> {
  readonly key: K;
  /** Payloads of the whole call. */
  readonly count: number;
  readonly deadline: number;
}

/** Sizes that serve nearly as many in time as the best one, to this share, are as good. */
const nearlyBest = 0.97;

/**
 * Keeps count of what comes and of what takes how long, and foretells when a request would have its results: after what runs, after
 * what came before it, and in a batch that by then holds others as well.
 *
 * The size of the batches is part of the question: small ones let a request be in time that comes early, large ones serve more.
 * Sizes are considered that serve nearly as many in time as the best one, at the present rate of arrivals.
 */
export class Admission<K> {
  readonly service: ServiceTimes<K>;
  readonly preparation = new PreparationTimes();
  readonly #runsAtOnce: number;
  readonly #rates = new Map<K, ArrivalRate>();

  constructor(maxBatchSize: number, runsAtOnce: number) {
    this.service = new ServiceTimes(maxBatchSize);
    this.#runsAtOnce = runsAtOnce;
  }

  /** Payloads have come, whether they are admitted or not. */
  arrived(key: K, count: number, now: number): void {
    const rate = this.#rates.get(key) ?? new ArrivalRate();
    this.#rates.set(key, rate);
    rate.add(count, now);
  }

  /** By how much a request would miss its deadline, in milliseconds; 0 or less when it can be met. */
  lateness(load: Load<K>, { key, count, deadline }: Candidate<K>): number {
    const limit = deadline - load.now;
    const perMs = this.#perMs(key, load.now);
    const before = load.waiting.get(key) ?? 0;
    const others = this.#timeOfOthers(load.waiting, key);
    const ready = this.preparation.until(load.unprepared + count);
    const ends = this.#usefulSizes(key, limit, perMs).map((size) => {
      const earlier = Math.floor(before / size) * this.service.mean(key, size);
      const begin = Math.max(ready, this.deviceFree(load, others + earlier));
      return begin + this.#ownTime(key, (before % size) + count, size, perMs * begin);
    });
    return Math.min(...ends) - limit;
  }

  /** The smallest size of batches that is worth while for requests of a time limit, at the present rate of arrivals. */
  usefulSize(key: K, limit: number, now: number): number {
    return this.#usefulSizes(key, limit, this.#perMs(key, now))[0] as number;
  }

  /** The size of the batch that will begin in `begin` milliseconds, if it is one that is worth while and `waiting` wait for it. */
  plannedSize(key: K, limit: number, waiting: number, begin: number, now: number): number {
    const perMs = this.#perMs(key, now);
    return batchSizeFor(
      Math.max(1, Math.floor(waiting + perMs * begin)),
      this.#usefulSizes(key, limit, perMs)[0] as number,
    );
  }

  /** When the device can begin something new, in milliseconds from now, if `work` milliseconds come before it. */
  deviceFree(load: Load<K>, work = 0): number {
    // One that is overdue is taken to need as much again as it is late.
    const lanes = this.#lanes(
      load,
      (_, mean) => mean,
      (_, mean, elapsed) => Math.abs(mean - elapsed),
    );
    return level(lanes, work);
  }

  /**
   * How many of the payloads that wait what is free next should take, so that all that run at once have work to the end of them: as many
   * as bring it level with the others.
   */
  share(load: Load<K>): number {
    const lanes = this.#lanes(
      load,
      (size) => size,
      (size, mean, elapsed) => (mean === 0 ? size : size * Math.max(0, 1 - elapsed / mean)),
    );
    let payloads = 0;
    for (const count of load.waiting.values()) payloads += count;
    return level(lanes, payloads) - Math.min(...lanes);
  }

  /**
   * What each of those that run at once has to do.
   * @param whole of a batch that waits at the device @param left of one that has begun
   */
  #lanes(
    { now, batches }: Load<K>,
    whole: (size: number, mean: number) => number,
    left: (size: number, mean: number, elapsed: number) => number,
  ): number[] {
    const lanes = new Array<number>(this.#runsAtOnce).fill(0);
    let at = 0;
    for (const { key, size, beganAt } of batches) {
      const mean = this.service.mean(key, size);
      if (beganAt === null) {
        lanes.sort((a, b) => a - b);
        lanes[0] = (lanes[0] as number) + whole(size, mean);
      } else {
        lanes[at++] = left(size, mean, now - beganAt);
      }
    }
    return lanes;
  }

  #perMs(key: K, now: number): number {
    return this.#rates.get(key)?.perMs(now) ?? 0;
  }

  /** Sizes of batches that are worth while, smallest first. @param arrivals payloads that come in a millisecond */
  #usefulSizes(key: K, limit: number, arrivals: number): readonly number[] {
    const { sizes } = this.service;
    const perMs = arrivals / this.#runsAtOnce;
    const goodput = sizes.map((size) => {
      const mean = this.service.mean(key, size);
      if (mean === 0) return 0;
      // Of those that come while a batch runs, only those are in time for the next one whose limit holds until its end.
      const inTime = perMs * Math.max(0, limit - this.service.safe(key, size));
      return Math.min(perMs, Math.min(size, inTime) / mean);
    });
    const best = Math.max(...goodput);
    return sizes.slice(goodput.findIndex((each) => each >= nearlyBest * best));
  }

  /**
   * The time from the beginning of a request's first batch to the end of its last one.
   * @param payloads of the request and of others in its first batch
   * @param company payloads that come until then
   */
  #ownTime(key: K, payloads: number, size: number, company: number): number {
    let time = 0;
    let together = Math.floor(payloads + company);
    for (let left = payloads; ; ) {
      const batch = batchSizeFor(together, size);
      if (left <= batch) return time + this.service.safe(key, batch);
      time += this.service.mean(key, batch);
      left -= batch;
      together -= batch;
    }
  }

  /** The time that the payloads of other keys take. */
  #timeOfOthers(waiting: ReadonlyMap<K, number>, own: K): number {
    const largest = this.service.sizes.at(-1) as number;
    let time = 0;
    for (const [key, count] of waiting) {
      for (let left = key === own ? 0 : count; left > 0; ) {
        const size = batchSizeFor(left, largest);
        time += this.service.mean(key, size);
        left -= size;
      }
    }
    return time;
  }
}

/** The level to which `amount` fills lanes that are full to different heights. */
function level(lanes: readonly number[], amount: number): number {
  const heights = [...lanes].sort((a, b) => a - b);
  let sum = amount;
  for (const [i, height] of heights.entries()) {
    sum += height;
    const reached = sum / (i + 1);
    if (reached <= (heights[i + 1] ?? Number.POSITIVE_INFINITY)) return reached;
  }
  return 0;
}
