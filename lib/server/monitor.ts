/** What is told of requests, to whoever counts. */
import type { RefusalReason } from './protocol/index.js';

/** Kinds of requests: names in metrics and logs. */
export type Operation =
  | 'health'
  | 'metadata'
  | 'infer'
  | 'classify'
  | 'repository'
  | 'metrics'
  | 'profile'
  | 'description'
  | 'page'
  | 'unknown';

/** A request that was answered, or whose client has left. */
export interface Answered {
  readonly protocol: 'http' | 'grpc';
  readonly operation: Operation;
  /** A model that exists, or null. */
  readonly model: { readonly name: string; readonly version: string } | null;
  /** Why it was refused, or null. */
  readonly reason: RefusalReason | null;
  /** Of HTTP; what gRPC has instead stands in the same line of `refusals`. */
  readonly status: number;
  /** From its headers to the end of its answer. */
  readonly seconds: number;
  /** Images that were handed to the model. */
  readonly images: number;
}

export interface Monitor {
  answered(request: Answered): void;
}
