/** Requests that meet share batches, as those of Triton's dynamic batcher do. What their payloads are does not matter here. */
import { ArgumentError, advice, ExecutionError, InternalError } from '../errors.js';
import { Cancellation, SignalListeners, timeoutError } from '../runtime/session/cancellation.js';
import { Admission, type Load } from './admission.js';
import { batchSizeFor } from './batch_sizes.js';
import type { BatcherOptions, BatcherRequest, BatcherStats } from './batcher_types.js';
import { defaultPriority } from './batching.js';
import { type Clock, systemClock } from './clock.js';
import { PrioritySet } from './priority_set.js';

export type * from './batcher_types.js';

interface Request<K, P, R> extends Pick<BatcherRequest<K, P>, 'key' | 'count' | 'prepare'> {
  /** Number of the request: who came first goes first. */
  readonly order: number;
  /** Of all requests those of a lower number go first. */
  readonly priority: number;
  readonly arrivedAt: number;
  readonly timeoutMs: number | undefined;
  /** When its time limit is over. */
  readonly deadline: number;
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

/** Requests of one key whose payloads are ready, in the order in which they are served. */
interface Lane<K, P, R> {
  readonly key: K;
  readonly requests: Request<K, P, R>[];
  payloads: number;
}

interface Batch<K, P, R> {
  readonly key: K;
  readonly size: number;
  /** When the device began with it; null while it waits there for another one to end. */
  beganAt: number | null;
  readonly parts: { readonly request: Request<K, P, R>; readonly from: number; readonly count: number }[];
  readonly stop: AbortController;
}

/** What asks for admission: the payloads of its first part, and of the whole. */
interface Asked<K> {
  readonly key: K;
  readonly count: number;
  readonly whole: number;
  readonly priority: number;
  readonly deadline: number;
  readonly timeoutMs: number | undefined;
}

/** Batches that are begun besides those that run, where they are full: so there is no gap between two. */
const batchesBehind = 1;
/** Of a share that is a whole number but for rounding. */
const rounding = 1e-6;

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
 */
export class DynamicBatcher<K, P, R> {
  readonly #options: BatcherOptions<K, P, R>;
  readonly #clock: Clock;
  readonly #runsAtOnce: number;
  readonly #admission: Admission<K>;
  readonly #signals = new SignalListeners();
  /** All that have not settled. */
  readonly #requests = new PrioritySet<Request<K, P, R>>();
  /** Parts of accepted calls for which there is no room yet. */
  readonly #outside = new PrioritySet<Request<K, P, R>>();
  /** Those that are not being prepared yet. */
  readonly #queued = new PrioritySet<Request<K, P, R>>();
  readonly #lanes = new Map<K, Lane<K, P, R>>();
  readonly #running = new Set<Batch<K, P, R>>();
  #preparing = 0;
  #waiting = 0;
  readonly #waitingOf = new Map<K, number>();
  #noWakeUp = () => {};
  #lastOrder = 0;
  #end: Error | null = null;
  #disposed = false;
  readonly #counts = { requests: 0, rejected: 0, timedOut: 0, batches: 0, preparationMs: 0, queueDelayMs: 0, run: 0 };
  readonly #bySize = new Map<number, number>();
  readonly #runMs = new Map<number, number>();

  constructor(options: BatcherOptions<K, P, R>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#runsAtOnce = options.runsAtOnce ?? 1;
    this.#admission = new Admission(options.maxBatchSize, this.#runsAtOnce);
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
      this.#counts.requests++;
    }
    const cancellation = new Cancellation(signal, undefined, this.#signals);
    const { promise, resolve, reject } = withResolvers<readonly R[]>();
    const noTimeout =
      timeoutMs === undefined
        ? () => {}
        : this.#clock.after(Math.max(0, deadline - arrivedAt), () => {
            this.#expire(request);
            this.#advance();
          });
    const request: Request<K, P, R> = {
      ...{
        key,
        count,
        prepare,
        priority,
        arrivedAt,
        timeoutMs,
        deadline,
        promise,
        resolve,
        reject,
        cancellation,
        noTimeout,
      },
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
      runMsByBatchSize: Object.fromEntries(this.#runMs),
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
      this.#wait(request, request.count);
    }
  }

  /**
   * What `submit` would throw at this moment for a request of so many payloads, or null. Nothing counts as refused.
   * @param priority `defaultPriority` unless told
   */
  refusal(key: K, count: number, timeoutMs: number | undefined, priority = defaultPriority): ExecutionError | null {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() + timeoutMs;
    return this.#refusal({ key, count, whole: count, priority, deadline, timeoutMs });
  }

  /** @throws ExecutionError (ERR_QUEUE_FULL) when there is no room, or the time limit cannot be met */
  #assertAdmitted(asked: Asked<K>): void {
    const refusal = this.#refusal(asked);
    if (refusal !== null) {
      this.#counts.rejected++;
      throw refusal;
    }
    this.#displace(asked);
  }

  #refusal({ key, count, whole, priority, deadline, timeoutMs }: Asked<K>): ExecutionError | null {
    const { queueLimit } = this.#options;
    // Parts that wait outside come first: else small requests would keep the queue full in front of them.
    const ahead = [...this.#outside].some((request) => request.priority <= priority);
    const excess = this.#waiting + count - queueLimit;
    if (ahead || (excess > 0 && this.#lessUrgent(priority) < excess)) {
      const full = `The queue is full: ${this.#waiting} of ${queueLimit} images wait, ${count} more came.`;
      return queueFull(full, this.#untilRoom(count), 'batching.queueLimit');
    }
    // An idle device takes anybody: if nobody were admitted, nothing would be learned of batches that are fast again.
    if (timeoutMs === undefined || (this.#running.size === 0 && this.#waiting === 0)) return null;
    const late = this.#admission.lateness(this.#load(priority), { key, count: whole, deadline });
    return late > 0 ? this.#outOfReach({ timeoutMs, count: whole }, late) : null;
  }

  /** Payloads that wait behind a priority, and may make way for it. */
  #lessUrgent(priority: number): number {
    let payloads = 0;
    for (const request of this.#requests.backwards()) {
      if (request.priority <= priority) break;
      if (request.batches.size === 0 && request.done === 0) payloads += request.waiting;
    }
    return payloads;
  }

  /** Makes room in a full queue: the least urgent requests that nothing was computed of make way, the newest first. */
  #displace({ count, priority }: Asked<K>): void {
    let excess = this.#waiting + count - this.#options.queueLimit;
    if (excess <= 0) return;
    const making: Request<K, P, R>[] = [];
    for (const request of this.#requests.backwards()) {
      if (excess <= 0 || request.priority <= priority) break;
      if (request.batches.size > 0 || request.done > 0 || request.waiting === 0) continue;
      excess -= request.waiting;
      making.push(request);
    }
    for (const request of making) {
      this.#counts.rejected++;
      const text = `A more urgent request took the place: ${this.#waiting} of ${this.#options.queueLimit} images wait.`;
      this.#drop(request, queueFull(text, this.#untilRoom(request.count), 'batching.queueLimit'));
    }
  }

  /** What the device has to do. @param priority leaves out what would wait behind a request of this one */
  #load(priority = Number.POSITIVE_INFINITY): Load<K> {
    const waiting = new Map<K, number>();
    let unprepared = 0;
    const add = (key: K, count: number) => waiting.set(key, (waiting.get(key) ?? 0) + count);
    if (this.#requests.lastPriority <= priority) {
      for (const [key, count] of this.#waitingOf) add(key, count);
      unprepared = this.#waiting;
      for (const { payloads } of this.#lanes.values()) unprepared -= payloads;
    } else {
      for (const request of this.#requests) {
        if (request.priority > priority) break;
        if (request.waiting > 0) add(request.key, request.waiting);
        if (request.payloads.length === 0) unprepared += request.waiting;
      }
    }
    for (const request of this.#outside) if (request.priority <= priority) add(request.key, request.count);
    return { now: this.#clock.now(), batches: this.#running, waiting, unprepared };
  }

  /** How long it takes until so many more may wait, in milliseconds. */
  #untilRoom(count: number): number {
    const load = this.#load();
    let excess = count - this.#options.queueLimit;
    for (const waiting of load.waiting.values()) excess += waiting;
    let work = 0;
    for (const request of this.#requests) {
      if (excess <= 0) break;
      work += request.waiting * this.#admission.service.leastPerPayload(request.key);
      excess -= request.waiting;
    }
    return this.#admission.deviceFree(load, work);
  }

  /**
   * Gives up those that wait and will be too late for the batch that is planned for them, so that others may come in their place: as
   * `#makeRoom` does, but one batch ahead and more.
   */
  #giveUp(): void {
    const load = this.#load();
    const { service, preparation } = this.#admission;
    const left = new Map(load.waiting);
    let [work, unprepared] = [0, 0];
    let first = this.#running.size === 0;
    for (const request of [...this.#requests]) {
      const { key, deadline, timeoutMs } = request;
      const count = this.#outside.has(request) ? request.count : request.waiting;
      if (!request.open || count === 0) continue;
      const toPrepare = request.payloads.length > 0 ? 0 : count;
      const ready = toPrepare > 0 ? preparation.until(unprepared + toPrepare) : 0;
      const begin = Math.max(this.#admission.deviceFree(load, work), ready);
      const size =
        timeoutMs === undefined ? 1 : this.#admission.plannedSize(key, timeoutMs, left.get(key) ?? 0, begin, load.now);
      const late = load.now + begin + service.safe(key, size) - deadline;
      left.set(key, (left.get(key) ?? 0) - count);
      if (late > 0 && !first) {
        this.#giveUpOn(request, late);
        continue;
      }
      first = false;
      work += count * service.leastPerPayload(key);
      unprepared += toPrepare;
    }
  }

  /**
   * Prepares a few batches ahead, one for each that runs at once and one that is being made: more would only take memory, and cores from
   * the batches that run.
   */
  #prepareNext(): void {
    const batchesAhead = this.#runsAtOnce + 1;
    const now = this.#clock.now();
    for (const request of this.#queued) {
      // Its timer ends it in a moment.
      if (request.deadline <= now) continue;
      let ahead = this.#preparing;
      for (const { payloads } of this.#lanes.values()) ahead += payloads;
      if (ahead > 0 && ahead + request.count > batchesAhead * this.#options.maxBatchSize) return;
      this.#queued.delete(request);
      this.#preparing += request.count;
      void this.#prepare(request);
    }
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
    } catch (error) {
      this.#fail(request, error);
    }
    // Not earlier: a preparation goes on for a while when its request has left.
    this.#preparing -= request.count;
    this.#admission.preparation.ended(prepared, began, this.#clock.now());
    this.#advance();
  }

  #makeReady(request: Request<K, P, R>, payloads: readonly P[]): void {
    this.#wait(request, payloads.length - request.waiting);
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
    while (at > 0 && servedBefore(request, lane.requests[at - 1] as Request<K, P, R>)) at--;
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
    const { maxBatchSize, maxQueueDelayMs } = this.#options;
    const lanes = [...this.#lanes.values()].sort((a, b) => (servedBefore(firstOf(a), firstOf(b)) ? -1 : 1));
    const [oldest] = lanes;
    if (oldest === undefined) return null;
    // A full batch gains nothing by waiting. Only the oldest lane goes ahead, or the others would never have their turn.
    if (this.#running.size >= this.#runsAtOnce) {
      const behind = this.#running.size - this.#runsAtOnce;
      return behind < batchesBehind && this.#sizeInTime(oldest) === maxBatchSize ? oldest : null;
    }
    if (maxQueueDelayMs === 0) return oldest;
    const now = this.#clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      const due = this.#dueAt(lane, now);
      if (lane.payloads >= maxBatchSize || due <= now) return lane;
      next = Math.min(next, due);
    }
    this.#noWakeUp();
    this.#noWakeUp = this.#clock.after(next - now, () => this.#advance());
    return null;
  }

  /** When a lane has waited long enough for more payloads: after `maxQueueDelayMs`, or earlier for a time limit's sake. */
  #dueAt({ key, requests, payloads }: Lane<K, P, R>, now: number): number {
    const { maxBatchSize, maxQueueDelayMs } = this.#options;
    const time = this.#admission.service.safe(key, batchSizeFor(payloads, maxBatchSize));
    let due = now + maxQueueDelayMs;
    for (const { readyAt, deadline } of requests) due = Math.min(due, readyAt + maxQueueDelayMs, deadline - time);
    return due;
  }

  /**
   * The largest batch of a lane whose requests are all in time when it begins as soon as it can, and that leaves enough to what runs
   * at the same time; 0 if there is none.
   */
  #sizeInTime({ key, requests }: Lane<K, P, R>): number {
    const load = this.#load();
    const most = Math.min(this.#options.maxBatchSize, this.#share(load, requests));
    const begin = load.now + (this.#running.size < this.#runsAtOnce ? 0 : this.#admission.deviceFree(load));
    let [size, count, deadline] = [0, 0, Number.POSITIVE_INFINITY];
    for (const request of requests) {
      deadline = Math.min(deadline, request.deadline);
      count += request.payloads.length;
      for (const fits of this.#admission.service.sizes) {
        const counts = fits > size && fits <= Math.min(count, most);
        if (counts && begin + this.#admission.service.safe(key, fits) <= deadline) size = fits;
      }
      if (count >= most) break;
    }
    return size;
  }

  /**
   * What a batch may take of those that wait: its share of what there is, and of what is ready for all that could begin now, so that all
   * lanes of the device work to the end of a list. Under a time limit it is not cut below what is worth while at the present load.
   */
  #share(load: Load<K>, requests: readonly Request<K, P, R>[]): number {
    const idle = Math.max(1, this.#runsAtOnce - this.#running.size);
    let ready = 0;
    for (const { payloads } of this.#lanes.values()) ready += payloads;
    const share = Math.max(1, Math.ceil(Math.min(this.#admission.share(load), ready / idle) - rounding));
    const [{ key, timeoutMs }] = requests as [Request<K, P, R>];
    return timeoutMs === undefined ? share : Math.max(share, this.#admission.usefulSize(key, timeoutMs, load.now));
  }

  /** Begins a batch of those who can still be in time. */
  #start(lane: Lane<K, P, R>): void {
    const now = this.#clock.now();
    for (const request of [...lane.requests]) if (request.deadline <= now) this.#expire(request);
    this.#makeRoom(lane, now);
    if (lane.requests.length > 0) this.#begin(lane, Math.max(1, this.#sizeInTime(lane)), now);
  }

  /**
   * Gives up those for whose sake a batch would have to be smaller than is worth while at the present load: smaller ones would serve
   * fewer in all, so that others were late in their turn, and ever smaller batches followed. An idle device takes even one that will
   * hardly be in time: it is how a change for the better is learned of.
   */
  #makeRoom(lane: Lane<K, P, R>, now: number): void {
    const { key, requests } = lane;
    const { service } = this.#admission;
    for (let i = 0, count = 0; i < requests.length; ) {
      const request = requests[i] as Request<K, P, R>;
      const { deadline, timeoutMs = Number.POSITIVE_INFINITY } = request;
      const all = batchSizeFor(lane.payloads, this.#options.maxBatchSize);
      const size = Math.min(all, this.#admission.usefulSize(key, timeoutMs, now));
      if (count >= size) return;
      const late = now + service.safe(key, size) - deadline;
      if (late <= 0 || (requests.length === 1 && this.#running.size === 0)) {
        count += request.payloads.length;
        i++;
      } else {
        this.#giveUpOn(request, late);
        [i, count] = [0, 0];
      }
    }
  }

  #begin(lane: Lane<K, P, R>, size: number, now: number): void {
    const beganAt = this.#running.size < this.#runsAtOnce ? now : null;
    const batch: Batch<K, P, R> = { key: lane.key, size, beganAt, parts: [], stop: new AbortController() };
    const payloads: P[] = [];
    while (payloads.length < size) {
      const request = lane.requests[0] as Request<K, P, R>;
      const from = request.results.length - request.payloads.length;
      const taken = request.payloads.splice(0, size - payloads.length);
      if (request.payloads.length === 0) lane.requests.shift();
      payloads.push(...taken);
      batch.parts.push({ request, from, count: taken.length });
      request.batches.add(batch);
      this.#wait(request, -taken.length);
      this.#counts.preparationMs += taken.length * (request.readyAt - request.arrivedAt);
      this.#counts.queueDelayMs += taken.length * (now - request.readyAt);
    }
    this.#take(lane, size);
    this.#running.add(batch);
    this.#counts.batches++;
    this.#counts.run += size;
    this.#bySize.set(size, (this.#bySize.get(size) ?? 0) + size);
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
        this.#runMs.set(size, (this.#runMs.get(size) ?? 0) + now - beganAt);
      } else if (stop.signal.aborted) this.#admission.service.recordGivenUp(key, size, now - beganAt, now);
    }
    const [next] = [...this.#running].filter((other) => other.beganAt === null);
    if (next !== undefined) next.beganAt = now;
    this.#advance();
    if (!this.#disposed) this.#giveUp();
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
    this.#counts.timedOut++;
    this.#drop(request, timeoutError('request', request.timeoutMs as number));
  }

  #giveUpOn(request: Request<K, P, R>, late: number): void {
    this.#counts.rejected++;
    this.#drop(request, this.#outOfReach(request, late));
  }

  /** What one hears whose time limit cannot be met. */
  #outOfReach({ timeoutMs, count }: { timeoutMs: number | undefined; count: number }, late: number): ExecutionError {
    const text = `The time limit of ${timeoutMs} ms cannot be met: ${this.#waiting} images wait, ${count} more came, and results would be late by about ${Math.ceil(late)} ms.`;
    return queueFull(text, late, 'timeoutMs');
  }

  #wait(request: Request<K, P, R>, change: number): void {
    request.waiting += change;
    this.#waiting += change;
    const ofKey = (this.#waitingOf.get(request.key) ?? 0) + change;
    if (ofKey === 0) this.#waitingOf.delete(request.key);
    else this.#waitingOf.set(request.key, ofKey);
  }

  /** Takes a request out of everything that waits. */
  #settle(request: Request<K, P, R>): void {
    request.open = false;
    request.cancellation.end();
    request.noTimeout();
    this.#requests.delete(request);
    this.#outside.delete(request);
    this.#queued.delete(request);
    this.#wait(request, -request.waiting);
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

/** @param limit the option that refuses, with less of which nothing would have been */
function queueFull(message: string, waitMs: number, limit: string): ExecutionError {
  const retryAfterMs = Math.max(1, Math.ceil(waitMs));
  return new ExecutionError(message, {
    code: 'ERR_QUEUE_FULL',
    retryAfterMs,
    hint: advice([`try again in ${retryAfterMs} ms, or raise `, '.'], limit).or(`try again in ${retryAfterMs} ms.`),
  });
}

function firstOf<K, P, R>({ requests }: Lane<K, P, R>): Request<K, P, R> {
  return requests[0] as Request<K, P, R>;
}

function servedBefore<K, P, R>(a: Request<K, P, R>, b: Request<K, P, R>): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority < b.priority;
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
