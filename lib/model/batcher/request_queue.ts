import { PrioritySet } from './priority_set.js';
import { type Lane, type Part, type Request, servedBefore } from './requests.js';

/** What waits: payloads of each key, and those of all keys that are not prepared. */
export interface Backlog<K> {
  readonly waiting: Map<K, number>;
  readonly unprepared: number;
}

/**
 * The requests that have not settled, by what they wait for: room (parts of accepted calls), their preparation, their batch. It knows
 * neither times nor the device.
 */
export class RequestQueue<K, P, R> {
  readonly #limit: number;
  /** All that have not settled. */
  readonly #requests = new PrioritySet<Request<K, P, R>>();
  /** Parts of accepted calls for which there is no room yet. */
  readonly #outside = new PrioritySet<Request<K, P, R>>();
  /** Those that are not being prepared yet. */
  readonly #queued = new PrioritySet<Request<K, P, R>>();
  readonly #lanes = new Map<K, Lane<K, P, R>>();
  #preparing = 0;
  #waiting = 0;
  readonly #waitingOf = new Map<K, number>();

  /** @param limit payloads that may wait */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Payloads that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Payloads that are prepared and wait for their batch. */
  get ready(): number {
    let ready = 0;
    for (const { payloads } of this.#lanes.values()) ready += payloads;
    return ready;
  }

  /** All requests that have not settled, in the order in which they are served. */
  [Symbol.iterator](): Generator<Request<K, P, R>> {
    return this.#requests[Symbol.iterator]();
  }

  /** Payloads of a request that wait, whether or not there is room for them. */
  waitingOf(request: Request<K, P, R>): number {
    return this.#outside.has(request) ? request.count : request.waiting;
  }

  /** Lanes in the order of their first requests. */
  lanes(): Lane<K, P, R>[] {
    const first = ({ requests }: Lane<K, P, R>) => requests[0] as Request<K, P, R>;
    return [...this.#lanes.values()].sort((a, b) => (servedBefore(first(a), first(b)) ? -1 : 1));
  }

  /** Whether there is room for so many payloads of a priority, or could be made. */
  hasRoom(count: number, priority: number): boolean {
    // Parts that wait outside come first: else small requests would keep the queue full in front of them.
    if ([...this.#outside].some((request) => request.priority <= priority)) return false;
    const excess = this.#waiting + count - this.#limit;
    return excess <= 0 || this.#lessUrgent(priority) >= excess;
  }

  /** Payloads that wait behind a priority, and may make way for it. */
  #lessUrgent(priority: number): number {
    let payloads = 0;
    for (const request of this.#requests.backwards()) {
      if (request.priority <= priority) break;
      if (isUntouched(request)) payloads += request.waiting;
    }
    return payloads;
  }

  /** Who makes way in a full queue for so many payloads: the least urgent that nothing was computed of, the newest first. */
  inTheWayOf(count: number, priority: number): Request<K, P, R>[] {
    let excess = this.#waiting + count - this.#limit;
    const making: Request<K, P, R>[] = [];
    if (excess <= 0) return making;
    for (const request of this.#requests.backwards()) {
      if (excess <= 0 || request.priority <= priority) break;
      if (!isUntouched(request) || request.waiting === 0) continue;
      excess -= request.waiting;
      making.push(request);
    }
    return making;
  }

  /** @param priority leaves out what would wait behind a request of this one */
  backlog(priority: number): Backlog<K> {
    const waiting = new Map<K, number>();
    let unprepared = 0;
    const add = (key: K, count: number) => waiting.set(key, (waiting.get(key) ?? 0) + count);
    if (this.#requests.lastPriority <= priority) {
      for (const [key, count] of this.#waitingOf) add(key, count);
      unprepared = this.#waiting - this.ready;
    } else {
      for (const request of this.#requests) {
        if (request.priority > priority) break;
        if (request.waiting > 0) add(request.key, request.waiting);
        if (request.payloads.length === 0) unprepared += request.waiting;
      }
    }
    for (const request of this.#outside) if (request.priority <= priority) add(request.key, request.count);
    return { waiting, unprepared };
  }

  add(request: Request<K, P, R>): void {
    this.#requests.add(request);
    this.#outside.add(request);
  }

  /** Lets those in for which there is room. */
  admit(): void {
    for (const request of this.#outside) {
      if (this.#waiting + request.count > this.#limit) return;
      this.#outside.delete(request);
      this.#queued.add(request);
      this.#wait(request, request.count);
    }
  }

  /** Those whose preparation begins at `now`, as long as no more than `most` payloads are prepared or being prepared. */
  *toPrepare(most: number, now: number): Generator<Request<K, P, R>> {
    for (const request of this.#queued) {
      // Its timer ends it in a moment.
      if (request.deadline <= now) continue;
      const ahead = this.#preparing + this.ready;
      if (ahead > 0 && ahead + request.count > most) return;
      this.#queued.delete(request);
      this.#preparing += request.count;
      yield request;
    }
  }

  /** The preparation of a request has ended, one way or the other. */
  endPreparing(request: Request<K, P, R>): void {
    this.#preparing -= request.count;
  }

  /** Puts a request whose payloads are there into its lane. */
  makeReady(request: Request<K, P, R>, payloads: readonly P[], now: number): void {
    this.#wait(request, payloads.length - request.waiting);
    request.payloads = [...payloads];
    request.results = new Array<R | undefined>(payloads.length).fill(undefined);
    request.readyAt = now;
    if (payloads.length === 0) return;
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

  /** Takes the first `size` payloads of a lane, which has as many. */
  take(lane: Lane<K, P, R>, size: number): { parts: Part<K, P, R>[]; payloads: P[] } {
    const parts: Part<K, P, R>[] = [];
    const payloads: P[] = [];
    while (payloads.length < size) {
      const request = lane.requests[0] as Request<K, P, R>;
      const from = request.results.length - request.payloads.length;
      const taken = request.payloads.splice(0, size - payloads.length);
      if (request.payloads.length === 0) lane.requests.shift();
      payloads.push(...taken);
      parts.push({ request, from, count: taken.length });
      this.#wait(request, -taken.length);
    }
    this.#shorten(lane, size);
    return { parts, payloads };
  }

  /** Takes a request out of everything that waits. */
  delete(request: Request<K, P, R>): void {
    this.#requests.delete(request);
    this.#outside.delete(request);
    this.#queued.delete(request);
    this.#wait(request, -request.waiting);
    const lane = this.#lanes.get(request.key);
    if (lane === undefined || request.payloads.length === 0) return;
    lane.requests.splice(lane.requests.indexOf(request), 1);
    this.#shorten(lane, request.payloads.length);
    request.payloads = [];
  }

  #shorten(lane: Lane<K, P, R>, payloads: number): void {
    lane.payloads -= payloads;
    if (lane.payloads === 0) this.#lanes.delete(lane.key);
  }

  #wait(request: Request<K, P, R>, change: number): void {
    request.waiting += change;
    this.#waiting += change;
    const ofKey = (this.#waitingOf.get(request.key) ?? 0) + change;
    if (ofKey === 0) this.#waitingOf.delete(request.key);
    else this.#waitingOf.set(request.key, ofKey);
  }
}

/** Whether nothing was computed of a request, and nothing is. */
function isUntouched<K, P, R>({ batches, done }: Request<K, P, R>): boolean {
  return batches.size === 0 && done === 0;
}
