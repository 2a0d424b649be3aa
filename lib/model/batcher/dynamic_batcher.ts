/** Requests that meet share batches, as those of Triton's dynamic batcher do. What their payloads are does not matter here. */
import { ArgumentError, type ExecutionError, InternalError } from '../../errors.js';
import { Cancellation, SignalListeners, timeoutError } from '../../runtime/session/cancellation.js';
import { defaultPriority } from '../batching.js';
import { Admission } from './admission.js';
import { BatchPlanner } from './batch_planner.js';
import type { BatcherOptions, BatcherRequest, BatcherStats } from './batcher_types.js';
import { type Clock, systemClock } from './clock.js';
import { BatcherCounters } from './counters.js';
import { displaced, noRoom, outOfReach } from './refusals.js';
import { RequestQueue } from './request_queue.js';
import type { Asked, Batch, Lane, Request } from './requests.js';

export type * from './batcher_types.js';

/**
 * Gathers requests into batches.
 *
 * - What is ready while fewer than `runsAtOnce` batches run goes at once (or after `maxQueueDelayMs`, when no full batch comes
 *   together before); what comes while as many run goes together into the next one. Sizes are those of `batchSizeFor`. Where
 *   several run at once, none takes so much that another is left without.
 * - Requests are prepared and served by priority, those of one in the order of their arrival. One that is not ready yet holds up none
 *   that is. In a full queue a request displaces those of less urgent priority that no batch has begun.
 * - A request whose time limit cannot be met, by what batches were measured to take, is refused at once, and given up if that
 *   becomes plain later; a device that has nothing to do takes any. A batch is as large as the limits of those in it allow.
 * - A request settles exactly once. When it leaves early its payloads go with it, but a batch that has begun goes on as long as
 *   one of its requests is there.
 *
 * `RequestQueue` keeps what waits, `BatchPlanner` decides what is next, and here it is done.
 */
export class DynamicBatcher<K, P, R> {
  readonly #options: BatcherOptions<K, P, R>;
  readonly #clock: Clock;
  readonly #runsAtOnce: number;
  readonly #admission: Admission<K>;
  readonly #queue: RequestQueue<K, P, R>;
  readonly #running = new Set<Batch<K, P, R>>();
  readonly #planner: BatchPlanner<K, P, R>;
  readonly #signals = new SignalListeners();
  readonly #counters = new BatcherCounters();
  #noWakeUp = () => {};
  #lastOrder = 0;
  #end: Error | null = null;
  #disposed = false;

  constructor(options: BatcherOptions<K, P, R>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#runsAtOnce = options.runsAtOnce ?? 1;
    this.#admission = new Admission(options.maxBatchSize, this.#runsAtOnce);
    this.#queue = new RequestQueue(options.queueLimit);
    this.#planner = new BatchPlanner({
      ...{ options, runsAtOnce: this.#runsAtOnce, admission: this.#admission, queue: this.#queue },
      running: this.#running,
    });
  }

  /**
   * Queues a request.
   * @returns the results in the order of the payloads
   * @throws at once: ERR_QUEUE_FULL, ERR_DISPOSED, the reason of a signal that is aborted. Later, as a rejection: the reason why
   * it left early, what preparing or running threw, ERR_QUEUE_FULL when its time limit turned out to be out of reach
   */
  submit(asked: BatcherRequest<K, P>): Promise<readonly R[]> {
    const { key, count, prepare, signal, timeoutMs, priority = defaultPriority, continues = false } = asked;
    const { queueLimit } = this.#options;
    if (this.#end !== null) throw this.#end;
    if (!Number.isInteger(count) || count < 1 || count > queueLimit)
      throw new ArgumentError(`A request of ${count}: expected 1 to queueLimit, ${queueLimit}.`);
    signal?.throwIfAborted();
    const arrivedAt = this.#clock.now();
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : (asked.since ?? arrivedAt) + timeoutMs;
    this.#admission.arrived(key, count, arrivedAt);
    if (!continues) {
      this.#assertAdmitted({ key, count, whole: count + (asked.follow ?? 0), priority, deadline, timeoutMs });
      this.#counters.requests++;
    }
    const cancellation = new Cancellation(signal, undefined, this.#signals);
    const noTimeout =
      timeoutMs === undefined
        ? () => {}
        : this.#clock.after(Math.max(0, deadline - arrivedAt), () => {
            this.#expire(request);
            this.#advance();
          });
    const request: Request<K, P, R> = {
      ...{ key, count, prepare, priority, arrivedAt, timeoutMs, deadline, cancellation, noTimeout },
      ...withResolvers<readonly R[]>(),
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
    this.#queue.add(request);
    cancellation.onCancel(() => this.#fail(request, cancellation.reason));
    this.#advance();
    return request.promise;
  }

  /**
   * What `submit` would throw at this moment for a request of so many payloads, or null. Nothing counts as refused.
   * @param priority `defaultPriority` unless told
   */
  refusal(key: K, count: number, timeoutMs: number | undefined, priority = defaultPriority): ExecutionError | null {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + timeoutMs;
    return this.#refusal({ key, count, whole: count, priority, deadline, timeoutMs });
  }

  stats(): BatcherStats {
    return this.#counters.stats(this.#queue.waiting);
  }

  /** Refuses further requests with `error`, and waits until those that were accepted have settled. */
  async close(error: Error): Promise<void> {
    this.#end ??= error;
    await Promise.allSettled([...this.#queue].map(({ promise }) => promise));
  }

  /** Rejects all requests with `error`, cancels what runs, and refuses further requests. */
  dispose(error: Error): void {
    this.#end ??= error;
    this.#disposed = true;
    this.#noWakeUp();
    for (const request of [...this.#queue]) this.#fail(request, error);
  }

  /** @throws ExecutionError (ERR_QUEUE_FULL) when there is no room, or the time limit cannot be met */
  #assertAdmitted(asked: Asked<K>): void {
    const refusal = this.#refusal(asked);
    if (refusal !== null) {
      this.#counters.rejected++;
      throw refusal;
    }
    for (const request of this.#queue.inTheWayOf(asked.count, asked.priority)) {
      const room = this.#planner.untilRoom(request.count, this.#clock.now());
      this.#refuse(request, displaced(this.#queue.waiting, this.#options.queueLimit, room));
    }
  }

  #refusal(asked: Asked<K>): ExecutionError | null {
    const { count, whole, priority, timeoutMs } = asked;
    const now = this.#clock.now();
    if (!this.#queue.hasRoom(count, priority)) {
      const room = this.#planner.untilRoom(count, now);
      return noRoom(this.#queue.waiting, this.#options.queueLimit, count, room);
    }
    const late = this.#planner.lateness(asked, now);
    return late > 0 ? outOfReach({ timeoutMs, count: whole }, this.#queue.waiting, late) : null;
  }

  /** Does what can be done now. Called after every change. */
  #advance(): void {
    if (this.#disposed) return;
    this.#queue.admit();
    this.#prepareNext();
    this.#runNext();
  }

  /**
   * Prepares a few batches ahead, one for each that runs at once and one that is being made: more would only take memory, and cores from
   * the batches that run.
   */
  #prepareNext(): void {
    const most = (this.#runsAtOnce + 1) * this.#options.maxBatchSize;
    for (const request of this.#queue.toPrepare(most, this.#clock.now())) void this.#prepare(request);
  }

  async #prepare(request: Request<K, P, R>): Promise<void> {
    const began = this.#clock.now();
    this.#admission.preparation.began(began);
    let prepared = 0;
    try {
      const payloads = await request.prepare(request.stop.signal);
      prepared = payloads.length;
      if (payloads.length > request.count)
        throw new InternalError(`Expected at most ${request.count} payloads, received ${payloads.length}.`);
      if (request.open) this.#makeReady(request, payloads);
      else this.#options.onDropped?.(payloads);
    } catch (error) {
      this.#fail(request, error);
    }
    // Not earlier: a preparation goes on for a while when its request has left.
    this.#queue.endPreparing(request);
    this.#admission.preparation.ended(prepared, began, this.#clock.now());
    this.#advance();
  }

  #makeReady(request: Request<K, P, R>, payloads: readonly P[]): void {
    this.#queue.makeReady(request, payloads, this.#clock.now());
    if (payloads.length > 0) return;
    this.#settle(request);
    request.resolve([]);
  }

  #runNext(): void {
    for (;;) {
      this.#noWakeUp();
      this.#noWakeUp = () => {};
      const now = this.#clock.now();
      const next = this.#planner.next(now);
      if ('at' in next) {
        if (next.at < Number.POSITIVE_INFINITY)
          this.#noWakeUp = this.#clock.after(next.at - now, () => this.#advance());
        return;
      }
      this.#start(next);
    }
  }

  /** Begins a batch of those who can still be in time. */
  #start(lane: Lane<K, P, R>): void {
    const now = this.#clock.now();
    for (const request of [...lane.requests]) if (request.deadline <= now) this.#expire(request);
    for (let late = this.#planner.inTheWay(lane, now); late !== null; late = this.#planner.inTheWay(lane, now))
      this.#giveUpOn(late.request, late.late);
    if (lane.requests.length > 0) this.#begin(lane, Math.max(1, this.#planner.sizeInTime(lane, now)), now);
  }

  #begin(lane: Lane<K, P, R>, size: number, now: number): void {
    const beganAt = this.#planner.deviceIsFree ? now : null;
    const { parts, payloads } = this.#queue.take(lane, size);
    const batch: Batch<K, P, R> = { key: lane.key, size, beganAt, parts, stop: new AbortController() };
    for (const { request, count } of parts) {
      request.batches.add(batch);
      this.#counters.taken(count, request, now);
    }
    this.#running.add(batch);
    this.#counters.batchBegan(size);
    // No await here: it would keep the payloads until the end of the run.
    runOf(this.#options, lane.key, payloads, batch.stop.signal).then(
      (results) => this.#ended(batch, true, () => this.#deliver(batch, results)),
      (error: unknown) => this.#ended(batch, false, () => this.#failAll(batch, error)),
    );
  }

  /** Begins the next batch before any caller hears of this one: the device comes first. */
  #ended(batch: Batch<K, P, R>, done: boolean, settle: () => void): void {
    settle();
    this.#running.delete(batch);
    const now = this.#clock.now();
    const { key, size, beganAt, stop } = batch;
    if (beganAt !== null) {
      if (done) {
        this.#admission.service.record(key, size, now - beganAt, now);
        this.#counters.batchTook(size, now - beganAt);
      } else if (stop.signal.aborted) this.#admission.service.recordGivenUp(key, size, now - beganAt, now);
    }
    const [next] = [...this.#running].filter((other) => other.beganAt === null);
    if (next !== undefined) next.beganAt = now;
    this.#advance();
    if (this.#disposed) return;
    for (const { request, late } of this.#planner.tooLate(this.#clock.now())) this.#giveUpOn(request, late);
  }

  #deliver(batch: Batch<K, P, R>, results: readonly R[]): void {
    if (results.length !== batch.size) {
      this.#failAll(batch, new InternalError(`A batch of ${batch.size}: received ${results.length} results.`));
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

  /** Ends a request early, wherever it is, and does what can be done without it. */
  #fail(request: Request<K, P, R>, error: unknown): void {
    if (!request.open) return;
    this.#drop(request, error);
    this.#advance();
  }

  #drop(request: Request<K, P, R>, error: unknown): void {
    this.#settle(request);
    request.reject(error);
    request.stop.abort(error);
    for (const batch of request.batches) {
      if (batch.parts.every((part) => !part.request.open)) batch.stop.abort(error);
    }
  }

  /** Ends a request whose time limit is over. */
  #expire(request: Request<K, P, R>): void {
    this.#counters.timedOut++;
    this.#drop(request, timeoutError('request', request.timeoutMs as number));
  }

  #giveUpOn(request: Request<K, P, R>, late: number): void {
    this.#refuse(request, outOfReach(request, this.#queue.waiting, late));
  }

  #refuse(request: Request<K, P, R>, refusal: ExecutionError): void {
    this.#counters.rejected++;
    this.#drop(request, refusal);
  }

  #settle(request: Request<K, P, R>): void {
    request.open = false;
    request.cancellation.end();
    request.noTimeout();
    const { payloads } = request;
    this.#queue.delete(request);
    if (payloads.length > 0) this.#options.onDropped?.(payloads);
  }
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
