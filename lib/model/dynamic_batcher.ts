/** Requests that meet share batches, as those of Triton's dynamic batcher do. What their payloads are does not matter here. */
import { ArgumentError, ExecutionError, InternalError } from '../errors.js';
import { Cancellation, SignalListeners, timeoutError } from '../runtime/session/cancellation.js';
import { batchSizeFor } from './batch_sizes.js';
import type { BatcherOptions, BatcherRequest, BatcherStats } from './batcher_types.js';
import { type Clock, systemClock } from './clock.js';

export type * from './batcher_types.js';

interface Request<K, P, R> extends Pick<BatcherRequest<K, P>, 'key' | 'count' | 'prepare'> {
  /** Number of the request: who came first goes first. */
  readonly order: number;
  readonly arrivedAt: number;
  readonly promise: Promise<readonly R[]>;
  readonly resolve: (results: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
  readonly cancellation: Cancellation;
  /** Takes the time limit back. */
  readonly noTimeout: () => void;
  /** Stops the preparation. */
  readonly stop: AbortController;
  /** Batches that run with payloads of this request. */
  readonly batches: Set<Batch<K, P, R>>;
  /** False as soon as the promise is settled. */
  open: boolean;
  /** Payloads that count as waiting. */
  waiting: number;
  readyAt: number;
  /** Prepared and in no batch yet. */
  payloads: P[];
  results: (R | undefined)[];
  /** Results that there are already. */
  done: number;
}

/** Requests of one key whose payloads are ready, in order of arrival. */
interface Lane<K, P, R> {
  readonly key: K;
  readonly requests: Request<K, P, R>[];
  payloads: number;
}

interface Batch<K, P, R> {
  readonly parts: { readonly request: Request<K, P, R>; readonly from: number; readonly count: number }[];
  readonly stop: AbortController;
}

/** Payloads that are prepared ahead, in batches: one that waits and one that is being made. */
const batchesAhead = 2;
/** Batches that are begun besides those that run, where they are full: so there is no gap between two. */
const batchesBehind = 1;

/**
 * Gathers requests into batches.
 *
 * - What is ready while fewer than `runsAtOnce` batches run goes at once (or after `maxQueueDelayMs`, when no full batch comes
 *   together before); what comes while as many run goes together into the next one. Sizes are those of `batchSizeFor`.
 * - Requests are prepared and served in the order of their arrival. One that is not ready yet holds up none that is.
 * - A request settles exactly once. When it leaves early its payloads go with it, but a batch that has begun goes on as long as
 *   one of its requests is there.
 */
export class DynamicBatcher<K, P, R> {
  readonly #options: BatcherOptions<K, P, R>;
  readonly #clock: Clock;
  readonly #signals = new SignalListeners();
  /** All that have not settled. */
  readonly #requests = new Set<Request<K, P, R>>();
  /** Parts of accepted calls for which there is no room yet. */
  readonly #outside = new Set<Request<K, P, R>>();
  /** Those that are not being prepared yet. */
  readonly #queued = new Set<Request<K, P, R>>();
  readonly #lanes = new Map<K, Lane<K, P, R>>();
  readonly #running = new Set<Batch<K, P, R>>();
  #preparing = 0;
  #waiting = 0;
  #noWakeUp = () => {};
  #lastOrder = 0;
  #end: Error | null = null;
  #disposed = false;
  readonly #counts = { requests: 0, rejected: 0, timedOut: 0, batches: 0, preparationMs: 0, queueDelayMs: 0, run: 0 };
  readonly #bySize = new Map<number, number>();

  constructor(options: BatcherOptions<K, P, R>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Queues a request.
   * @returns the results in the order of the payloads
   * @throws at once: ERR_QUEUE_FULL, ERR_DISPOSED, the reason of a signal that is aborted. Later, as a rejection: the reason why
   * it left early, or what preparing or running threw
   */
  submit(asked: BatcherRequest<K, P>): Promise<readonly R[]> {
    const { key, count, prepare, signal, timeoutMs, continues = false } = asked;
    const { queueLimit } = this.#options;
    if (this.#end !== null) throw this.#end;
    if (!Number.isInteger(count) || count < 1 || count > queueLimit)
      throw new ArgumentError(`A request of ${count}: expected 1 to queueLimit, ${queueLimit}.`);
    signal?.throwIfAborted();
    // Parts that wait outside come first: else small requests would keep the queue full in front of them.
    const full = this.#outside.size > 0 || this.#waiting + count > queueLimit;
    if (full && !continues) {
      this.#counts.rejected++;
      throw new ExecutionError(
        `The queue is full: ${this.#waiting} of ${queueLimit} images wait, ${count} more came.`,
        {
          code: 'ERR_QUEUE_FULL',
          hint: 'try again later, or raise batching.queueLimit.',
        },
      );
    }
    if (!continues) this.#counts.requests++;
    const arrivedAt = this.#clock.now();
    const cancellation = new Cancellation(signal, undefined, this.#signals);
    const { promise, resolve, reject } = withResolvers<readonly R[]>();
    const noTimeout =
      timeoutMs === undefined
        ? () => {}
        : this.#clock.after(Math.max(0, (asked.since ?? arrivedAt) + timeoutMs - arrivedAt), () => {
            this.#counts.timedOut++;
            cancellation.cancel(timeoutError('request', timeoutMs));
          });
    const request: Request<K, P, R> = {
      ...{ key, count, prepare, arrivedAt, promise, resolve, reject, cancellation, noTimeout },
      order: ++this.#lastOrder,
      stop: new AbortController(),
      batches: new Set(),
      open: true,
      waiting: 0,
      readyAt: 0,
      payloads: [],
      results: [],
      done: 0,
    };
    this.#requests.add(request);
    this.#outside.add(request);
    cancellation.onCancel(() => this.#fail(request, cancellation.reason));
    this.#advance();
    return promise;
  }

  stats(): BatcherStats {
    const { requests, rejected, timedOut, batches, preparationMs, queueDelayMs, run } = this.#counts;
    const mean = (sum: number) => (run === 0 ? 0 : sum / run);
    return {
      ...{ requests, rejected, timedOut, batches, waiting: this.#waiting },
      imagesByBatchSize: Object.fromEntries(this.#bySize),
      meanPreparationMs: mean(preparationMs),
      meanQueueDelayMs: mean(queueDelayMs),
    };
  }

  /** Refuses further requests with `error`, and waits until those that were accepted have settled. */
  async close(error: Error): Promise<void> {
    this.#end ??= error;
    await Promise.allSettled([...this.#requests].map(({ promise }) => promise));
  }

  /** Rejects all requests with `error`, cancels what runs, and refuses further requests. */
  dispose(error: Error): void {
    this.#end ??= error;
    this.#disposed = true;
    this.#noWakeUp();
    for (const request of [...this.#requests]) this.#fail(request, error);
  }

  /** Does what can be done now. Called after every change. */
  #advance(): void {
    if (this.#disposed) return;
    this.#admit();
    this.#prepareNext();
    this.#runNext();
  }

  #admit(): void {
    for (const request of this.#outside) {
      if (this.#waiting + request.count > this.#options.queueLimit) return;
      this.#outside.delete(request);
      this.#queued.add(request);
      request.waiting = request.count;
      this.#waiting += request.count;
    }
  }

  /** Prepares a few batches ahead: more would only take memory, and cores from the batch that runs. */
  #prepareNext(): void {
    for (const request of this.#queued) {
      let ahead = this.#preparing;
      for (const { payloads } of this.#lanes.values()) ahead += payloads;
      if (ahead > 0 && ahead + request.count > batchesAhead * this.#options.maxBatchSize) return;
      this.#queued.delete(request);
      this.#preparing += request.count;
      void this.#prepare(request);
    }
  }

  async #prepare(request: Request<K, P, R>): Promise<void> {
    try {
      const payloads = await request.prepare(request.stop.signal);
      if (payloads.length > request.count)
        throw new InternalError(`Expected at most ${request.count} payloads, received ${payloads.length}.`);
      if (request.open) this.#makeReady(request, payloads);
    } catch (error) {
      this.#fail(request, error);
    }
    // Not earlier: a preparation goes on for a while when its request has left.
    this.#preparing -= request.count;
    this.#advance();
  }

  #makeReady(request: Request<K, P, R>, payloads: readonly P[]): void {
    this.#waiting -= request.waiting - payloads.length;
    request.waiting = payloads.length;
    request.payloads = [...payloads];
    request.results = new Array<R | undefined>(payloads.length).fill(undefined);
    request.readyAt = this.#clock.now();
    if (payloads.length === 0) {
      this.#settle(request);
      request.resolve([]);
      return;
    }
    let lane = this.#lanes.get(request.key);
    if (lane === undefined) {
      lane = { key: request.key, requests: [], payloads: 0 };
      this.#lanes.set(request.key, lane);
    }
    let at = lane.requests.length;
    while (at > 0 && (lane.requests[at - 1] as Request<K, P, R>).order > request.order) at--;
    lane.requests.splice(at, 0, request);
    lane.payloads += payloads.length;
  }

  #runNext(): void {
    this.#noWakeUp();
    this.#noWakeUp = () => {};
    for (let lane = this.#due(); lane !== null; lane = this.#due()) this.#start(lane);
  }

  /** The lane whose turn it is, if it is time for a batch. */
  #due(): Lane<K, P, R> | null {
    const { maxBatchSize, maxQueueDelayMs, runsAtOnce = 1 } = this.#options;
    const lanes = [...this.#lanes.values()].sort((a, b) => firstOrder(a) - firstOrder(b));
    const [oldest] = lanes;
    if (oldest === undefined) return null;
    // A full batch gains nothing by waiting. Only the oldest lane goes ahead, or the others would never have their turn.
    if (this.#running.size >= runsAtOnce) {
      const behind = this.#running.size - runsAtOnce;
      return behind < batchesBehind && oldest.payloads >= maxBatchSize ? oldest : null;
    }
    if (maxQueueDelayMs === 0) return oldest;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      const due = maxQueueDelayMs + lane.requests.reduce((least, { readyAt }) => Math.min(least, readyAt), now);
      if (lane.payloads >= maxBatchSize || due <= now) return lane;
      next = Math.min(next, due);
    }
    this.#noWakeUp();
    this.#noWakeUp = this.#clock.after(next - now, () => this.#advance());
    return null;
  }

  #start(lane: Lane<K, P, R>): void {
    const size = batchSizeFor(lane.payloads, this.#options.maxBatchSize);
    const batch: Batch<K, P, R> = { parts: [], stop: new AbortController() };
    const payloads: P[] = [];
    const now = this.#clock.now();
    while (payloads.length < size) {
      const request = lane.requests[0] as Request<K, P, R>;
      const from = request.results.length - request.payloads.length;
      const taken = request.payloads.splice(0, size - payloads.length);
      if (request.payloads.length === 0) lane.requests.shift();
      payloads.push(...taken);
      batch.parts.push({ request, from, count: taken.length });
      request.batches.add(batch);
      request.waiting -= taken.length;
      this.#counts.preparationMs += taken.length * (request.readyAt - request.arrivedAt);
      this.#counts.queueDelayMs += taken.length * (now - request.readyAt);
    }
    this.#waiting -= size;
    this.#take(lane, size);
    this.#running.add(batch);
    this.#counts.batches++;
    this.#counts.run += size;
    this.#bySize.set(size, (this.#bySize.get(size) ?? 0) + size);
    // No await here: it would keep the payloads until the end of the run.
    runOf(this.#options, lane.key, payloads, batch.stop.signal).then(
      (results) => this.#ended(batch, () => this.#deliver(batch, results, size)),
      (error: unknown) => this.#ended(batch, () => this.#failAll(batch, error)),
    );
  }

  /** Begins the next batch before any caller hears of this one: the device comes first. */
  #ended(batch: Batch<K, P, R>, settle: () => void): void {
    settle();
    this.#running.delete(batch);
    this.#advance();
  }

  #deliver(batch: Batch<K, P, R>, results: readonly R[], size: number): void {
    if (results.length !== size) {
      this.#failAll(batch, new InternalError(`A batch of ${size}: received ${results.length} results.`));
      return;
    }
    let at = 0;
    for (const { request, from, count } of batch.parts) {
      request.batches.delete(batch);
      for (let i = 0; i < count; i++) request.results[from + i] = results[at++];
      request.done += count;
      if (!request.open || request.done < request.results.length) continue;
      this.#settle(request);
      request.resolve(request.results as R[]);
    }
  }

  #failAll(batch: Batch<K, P, R>, error: unknown): void {
    for (const { request } of batch.parts) request.batches.delete(batch);
    for (const { request } of batch.parts) this.#fail(request, error);
  }

  /** Ends a request early, wherever it is. */
  #fail(request: Request<K, P, R>, error: unknown): void {
    if (!request.open) return;
    this.#settle(request);
    request.reject(error);
    request.stop.abort(error);
    for (const batch of request.batches) {
      if (batch.parts.every((part) => !part.request.open)) batch.stop.abort(error);
    }
    this.#advance();
  }

  /** Takes a request out of everything that waits. */
  #settle(request: Request<K, P, R>): void {
    request.open = false;
    request.cancellation.end();
    request.noTimeout();
    this.#requests.delete(request);
    this.#outside.delete(request);
    this.#queued.delete(request);
    this.#waiting -= request.waiting;
    request.waiting = 0;
    const lane = this.#lanes.get(request.key);
    if (lane === undefined || request.payloads.length === 0) return;
    lane.requests.splice(lane.requests.indexOf(request), 1);
    this.#take(lane, request.payloads.length);
    request.payloads = [];
  }

  #take(lane: Lane<K, P, R>, payloads: number): void {
    lane.payloads -= payloads;
    if (lane.payloads === 0) this.#lanes.delete(lane.key);
  }
}

function firstOrder<K, P, R>({ requests }: Lane<K, P, R>): number {
  return (requests[0] as Request<K, P, R>).order;
}

/** A run whose failures are rejections, also those that are thrown at once. */
async function runOf<K, P, R>(
  { run }: BatcherOptions<K, P, R>,
  key: K,
  payloads: readonly P[],
  signal: AbortSignal,
): Promise<readonly R[]> {
  return run(key, payloads, signal);
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((give, refuse) => {
    resolve = give;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
