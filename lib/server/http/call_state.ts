/** What a server keeps of a request while it is in progress. */
import type { IncomingMessage } from 'node:http';
import type { Place } from '../gate.js';
import type { Wish } from '../inference/index.js';
import type { Operation } from '../monitor.js';
import type { RefusalReason } from '../protocol/index.js';
import type { ServedModel } from '../repository/index.js';
import type { BodyHead } from './body.js';

export interface CallState {
  readonly operation: Operation;
  readonly began: number;
  /** Aborted when the client leaves. */
  readonly gone: AbortController;
  /** Of requests for inference. */
  place: Place | null;
  body: BodyHead | null;
  wish: Wish;
  model: Pick<ServedModel, 'name' | 'version'> | null;
  images: number;
  reason: RefusalReason | null;
}

/** Requests whose clients send their body once they are told to (Expect: 100-continue). */
export const awaitingContinue = new WeakSet<IncomingMessage>();

const states = new WeakMap<IncomingMessage, CallState>();

export function beginCall(request: IncomingMessage, operation: Operation): CallState {
  const state: CallState = {
    ...{ operation, began: performance.now(), gone: new AbortController() },
    ...{ place: null, body: null, wish: {}, model: null, images: 0, reason: null },
  };
  states.set(request, state);
  return state;
}

/** The state of a request; one of its own for those that were refused before they had one. */
export function callOf(request: IncomingMessage): CallState {
  return states.get(request) ?? beginCall(request, 'unknown');
}
