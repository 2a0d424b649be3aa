/** What a dynamic batcher takes and tells. */
import type { Clock } from './clock.js';

/** What a batcher does, and its bounds. */
export interface BatcherOptions<K, P, R> {
  /** Payloads that run at once at most. */
  readonly maxBatchSize: number;
  /** How long a payload waits for others while nothing runs, in milliseconds. */
  readonly maxQueueDelayMs: number;
  /** Batches that `run` computes at the same time; 1 unless told. */
  readonly runsAtOnce?: number;
  /** Payloads that wait for their batch at most. */
  readonly queueLimit: number;
  /** Results of payloads of one key, in their order. They may be used until this returns its promise, no longer. */
  readonly run: (key: K, payloads: readonly P[], signal: AbortSignal) => Promise<readonly R[]>;
  /** Told of payloads that were made, and that nobody will run. */
  readonly onDropped?: (payloads: readonly P[]) => void;
  readonly clock?: Clock;
}

/** Some payloads that belong together. */
export interface BatcherRequest<K, P> {
  /** Only requests of the same key share a batch. */
  readonly key: K;
  /** How many payloads there are at most. */
  readonly count: number;
  /** Makes them when it is their turn. Fewer than `count` are less work, none a result of nothing. */
  readonly prepare: (signal: AbortSignal) => Promise<readonly P[]>;
  /** Lets the request leave: it is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Lets it leave with ERR_ABORTED when it has waited and run for so many milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Lower numbers go first; `defaultPriority` unless told. */
  readonly priority?: number;
  /** From when on they count, by the batcher's clock; now unless told. */
  readonly since?: number | undefined;
  /** Payloads of further parts of the same call: its time limit holds for all of it. */
  readonly follow?: number;
  /** True for a further part of a call that was accepted: it waits for room where another request is refused. */
  readonly continues?: boolean;
}

/** Counters of a batcher. */
export interface BatcherStats {
  /** Calls that were accepted. */
  readonly requests: number;
  /** Calls that were refused because the queue was full, or because their time limit could not be met. */
  readonly rejected: number;
  /** What ended because of its `timeoutMs`: calls, and of a call with many images each part that was under way. */
  readonly timedOut: number;
  /** Images that wait for their batch, those included that are being decoded. */
  readonly waiting: number;
  /** Batches that were begun. */
  readonly batches: number;
  /** Images by the size of the batch that they ran in. */
  readonly imagesByBatchSize: Readonly<Record<number, number>>;
  /** Time that batches of each size took in all, in milliseconds: those that ended well, from when the device was theirs. */
  readonly runMsByBatchSize: Readonly<Record<number, number>>;
  /** Mean time from an image's arrival until it was decoded and preprocessed, in milliseconds; 0 before the first batch. */
  readonly meanPreparationMs: number;
  /** Mean time from then until its batch began, in milliseconds; 0 before the first batch. */
  readonly meanQueueDelayMs: number;
}
