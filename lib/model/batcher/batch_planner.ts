import { batchSizeFor } from '../batch_sizes.js';
import type { Admission, Load } from './admission.js';
import type { BatcherOptions } from './batcher_types.js';
import type { RequestQueue } from './request_queue.js';
import type { Asked, Batch, Lane, Request } from './requests.js';

/** Batches that are begun besides those that run, where they are full: so there is no gap between two. */
const batchesBehind = 1;
/** Of a share that is an integer but for rounding. */
const rounding = 1e-6;

/** A request that cannot be in time, and by how many milliseconds. */
export interface Late<K, P, R> {
  readonly request: Request<K, P, R>;
  readonly late: number;
}

/** What a planner is told. */
export interface PlannerParts<K, P, R> {
  readonly options: Pick<BatcherOptions<K, P, R>, 'maxBatchSize' | 'maxQueueDelayMs' | 'queueLimit'>;
  readonly runsAtOnce: number;
  readonly admission: Admission<K>;
  readonly queue: RequestQueue<K, P, R>;
  /** The batches that were handed to the device. */
  readonly running: ReadonlySet<Batch<K, P, R>>;
}

/** Decides which batch is next, when, of what size, and who cannot be served in time. It changes nothing. */
export class BatchPlanner<K, P, R> {
  readonly #options: PlannerParts<K, P, R>['options'];
  readonly #runsAtOnce: number;
  readonly #admission: Admission<K>;
  readonly #queue: RequestQueue<K, P, R>;
  readonly #running: ReadonlySet<Batch<K, P, R>>;

  constructor({ options, runsAtOnce, admission, queue, running }: PlannerParts<K, P, R>) {
    this.#options = options;
    this.#runsAtOnce = runsAtOnce;
    this.#admission = admission;
    this.#queue = queue;
    this.#running = running;
  }

  /** Whether a batch that is begun now runs now. */
  get deviceIsFree(): boolean {
    return this.#running.size < this.#runsAtOnce;
  }

  /** What the device has to do. @param priority leaves out what would wait behind a request of this one */
  #load(now: number, priority = Number.POSITIVE_INFINITY): Load<K> {
    return { now, batches: this.#running, ...this.#queue.backlog(priority) };
  }

  /** By how much a request would miss its time limit, in milliseconds; 0 or less when it can be met. */
  lateness({ key, whole, priority, deadline, timeoutMs }: Asked<K>, now: number): number {
    // An idle device takes anybody: if nobody were admitted, nothing would be learned of batches that are fast again.
    if (timeoutMs === undefined || (this.#running.size === 0 && this.#queue.waiting === 0)) return 0;
    return this.#admission.lateness(this.#load(now, priority), { key, count: whole, deadline });
  }

  /** How long it takes until so many more may wait, in milliseconds. */
  untilRoom(count: number, now: number): number {
    const load = this.#load(now);
    let excess = count - this.#options.queueLimit;
    for (const waiting of load.waiting.values()) excess += waiting;
    let work = 0;
    for (const request of this.#queue) {
      if (excess <= 0) break;
      work += request.waiting * this.#admission.service.leastPerPayload(request.key);
      excess -= request.waiting;
    }
    return this.#admission.deviceFree(load, work);
  }

  /**
   * Those that wait and will be too late for the batch that is planned for them, so that others may come in their place: as
   * `inTheWay`, but one batch ahead and more. Whoever is handed out is expected to leave.
   */
  *tooLate(now: number): Generator<Late<K, P, R>> {
    const load = this.#load(now);
    const { service, preparation } = this.#admission;
    const left = new Map(load.waiting);
    let [work, unprepared] = [0, 0];
    let first = this.#running.size === 0;
    for (const request of [...this.#queue]) {
      const { key, deadline, timeoutMs } = request;
      const count = this.#queue.waitingOf(request);
      if (!request.open || count === 0) continue;
      const toPrepare = request.payloads.length > 0 ? 0 : count;
      const ready = toPrepare > 0 ? preparation.until(unprepared + toPrepare) : 0;
      const begin = Math.max(this.#admission.deviceFree(load, work), ready);
      const size =
        timeoutMs === undefined ? 1 : this.#admission.plannedSize(key, timeoutMs, left.get(key) ?? 0, begin, now);
      const late = now + begin + service.safe(key, size) - deadline;
      left.set(key, (left.get(key) ?? 0) - count);
      if (late > 0 && !first) {
        yield { request, late };
        continue;
      }
      first = false;
      work += count * service.leastPerPayload(key);
      unprepared += toPrepare;
    }
  }

  /** The lane whose turn it is, if it is time for a batch; else when it will be, if nothing else happens. */
  next(now: number): Lane<K, P, R> | { readonly at: number } {
    const { maxBatchSize, maxQueueDelayMs } = this.#options;
    const never = { at: Number.POSITIVE_INFINITY };
    const lanes = this.#queue.lanes();
    const [oldest] = lanes;
    if (oldest === undefined) return never;
    // A full batch gains nothing by waiting. Only the oldest lane goes ahead, or the others would never have their turn.
    if (!this.deviceIsFree) {
      const behind = this.#running.size - this.#runsAtOnce;
      return behind < batchesBehind && this.sizeInTime(oldest, now) === maxBatchSize ? oldest : never;
    }
    if (maxQueueDelayMs === 0) return oldest;
    let at = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      const due = this.#dueAt(lane, now);
      if (lane.payloads >= maxBatchSize || due <= now) return lane;
      at = Math.min(at, due);
    }
    return { at };
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
  sizeInTime({ key, requests }: Lane<K, P, R>, now: number): number {
    const load = this.#load(now);
    const most = Math.min(this.#options.maxBatchSize, this.#share(load, requests));
    const begin = now + (this.deviceIsFree ? 0 : this.#admission.deviceFree(load));
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
    const ready = this.#queue.ready / idle;
    const share = Math.max(1, Math.ceil(Math.min(this.#admission.share(load), ready) - rounding));
    const [{ key, timeoutMs }] = requests as [Request<K, P, R>];
    return timeoutMs === undefined ? share : Math.max(share, this.#admission.usefulSize(key, timeoutMs, load.now));
  }

  /**
   * The first one of a lane for whose sake a batch would have to be smaller than is worth while at the present load, or null: smaller
   * ones would serve fewer in all, so that others were late in their turn, and ever smaller batches followed. An idle device takes even
   * one that will hardly be in time: it is how a change for the better is learned of.
   */
  inTheWay({ key, requests, payloads }: Lane<K, P, R>, now: number): Late<K, P, R> | null {
    const { service } = this.#admission;
    let count = 0;
    for (const request of requests) {
      const { deadline, timeoutMs = Number.POSITIVE_INFINITY } = request;
      const all = batchSizeFor(payloads, this.#options.maxBatchSize);
      const size = Math.min(all, this.#admission.usefulSize(key, timeoutMs, now));
      if (count >= size) return null;
      const late = now + service.safe(key, size) - deadline;
      if (late > 0 && (requests.length > 1 || this.#running.size > 0)) return { request, late };
      count += request.payloads.length;
    }
    return null;
  }
}
