import { checkInteger, type Defaults, type WithDefaults, withDefaults } from '../core/options.js';
import { defaultMaxBatchSize } from './batch_sizes.js';

/** How the calls of a model share batches. docs/serving.md says more. */
export interface BatchingOptions {
  /** Images that run at once at most; 32 unless told. */
  readonly maxBatchSize?: number;
  /**
   * How long an image that is ready waits for others while the network is idle, in milliseconds; 0 unless told. While a batch
   * runs all others wait in any case.
   */
  readonly maxQueueDelayMs?: number;
  /** Images that may wait for their batch; calls that come on top are refused with ERR_QUEUE_FULL. 1024 unless told. */
  readonly queueLimit?: number;
  /** `timeoutMs` of calls that have none of their own; no limit unless told. */
  readonly timeoutMs?: number;
}

const defaults = {
  maxBatchSize: defaultMaxBatchSize,
  maxQueueDelayMs: 0,
  queueLimit: 1024,
  timeoutMs: undefined,
} satisfies Defaults<BatchingOptions>;
/** @internal Options that are checked and complete. */
export type Batching = WithDefaults<BatchingOptions, typeof defaults>;

/** The most urgent priority is 1. */
export const lowestPriority = 2 ** 16;
/** That of calls that have none. */
export const defaultPriority = 100;

const longestTimer = 2 ** 31 - 1;

/** Checks a `timeoutMs` that may be left out. @throws ArgumentError */
export function checkTimeout(where: string, timeoutMs: unknown): void {
  if (timeoutMs !== undefined) checkInteger(where, 'timeoutMs', timeoutMs, 0, longestTimer);
}

/** Checks a `priority` that may be left out. @throws ArgumentError */
export function checkPriority(where: string, priority: unknown): void {
  if (priority !== undefined) checkInteger(where, 'priority', priority, 1, lowestPriority);
}

/** @throws ArgumentError */
export function checkBatching(options: BatchingOptions = {}): Batching {
  const where = 'batching';
  const batching = withDefaults(where, options, defaults);
  const { maxBatchSize, maxQueueDelayMs, queueLimit, timeoutMs } = batching;
  checkInteger(where, 'maxBatchSize', maxBatchSize, 1, 65536);
  checkInteger(where, 'maxQueueDelayMs', maxQueueDelayMs, 0, longestTimer);
  checkInteger(where, 'queueLimit', queueLimit, 1, 2 ** 20);
  checkTimeout(where, timeoutMs);
  return batching;
}
