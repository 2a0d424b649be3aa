import type { BatcherStats } from './batcher_types.js';

/** Counts what becomes of requests and batches. */
export class BatcherCounters {
  requests = 0;
  rejected = 0;
  timedOut = 0;
  #batches = 0;
  #payloads = 0;
  #preparationMs = 0;
  #queueDelayMs = 0;
  readonly #bySize = new Map<number, number>();
  readonly #runMs = new Map<number, number>();

  /** So many payloads of a request have left the queue for a batch. */
  taken(count: number, request: { readonly arrivedAt: number; readonly readyAt: number }, now: number): void {
    this.#preparationMs += count * (request.readyAt - request.arrivedAt);
    this.#queueDelayMs += count * (now - request.readyAt);
  }

  batchBegan(size: number): void {
    this.#batches++;
    this.#payloads += size;
    this.#bySize.set(size, (this.#bySize.get(size) ?? 0) + size);
  }

  batchTook(size: number, ms: number): void {
    this.#runMs.set(size, (this.#runMs.get(size) ?? 0) + ms);
  }

  stats(waiting: number): BatcherStats {
    const { requests, rejected, timedOut } = this;
    const mean = (sum: number) => (this.#payloads === 0 ? 0 : sum / this.#payloads);
    return {
      ...{ requests, rejected, timedOut, batches: this.#batches, waiting },
      imagesByBatchSize: Object.fromEntries(this.#bySize),
      runMsByBatchSize: Object.fromEntries(this.#runMs),
      meanPreparationMs: mean(this.#preparationMs),
      meanQueueDelayMs: mean(this.#queueDelayMs),
    };
  }
}
