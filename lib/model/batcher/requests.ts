/** What a batcher keeps of a request until it settles, and of a batch until it ends. */
import type { Cancellation } from '../../runtime/session/cancellation.js';
import type { BatcherRequest } from './batcher_types.js';

export interface Request<K, P, R> extends Pick<BatcherRequest<K, P>, 'key' | 'count' | 'prepare'> {
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
export interface Lane<K, P, R> {
  readonly key: K;
  readonly requests: Request<K, P, R>[];
  payloads: number;
}

/** Payloads of a request that run in a batch: `count` from number `from`. */
export interface Part<K, P, R> {
  readonly request: Request<K, P, R>;
  readonly from: number;
  readonly count: number;
}

export interface Batch<K, P, R> {
  readonly key: K;
  readonly size: number;
  /** When the device began with it; null while it waits there for another one to end. */
  beganAt: number | null;
  readonly parts: readonly Part<K, P, R>[];
  readonly stop: AbortController;
}

/** What asks for admission: the payloads of its first part, and of the whole. */
export interface Asked<K> {
  readonly key: K;
  readonly count: number;
  readonly whole: number;
  readonly priority: number;
  readonly deadline: number;
  readonly timeoutMs: number | undefined;
}

/** Whether `a` goes before `b`: by priority, and of one priority in the order of their arrival. */
export function servedBefore<K, P, R>(a: Request<K, P, R>, b: Request<K, P, R>): boolean {
  return a.priority === b.priority ? a.order < b.order : a.priority < b.priority;
}
