/** What a server keeps of a request while it is in progress. */
import type { IncomingMessage } from 'node:http';
import { release } from '../../native/release.js';
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
  /** Arrays whose buffers are the request's alone. */
  memory: readonly ArrayBufferView[];
  /** How much is at work with them. */
  working: number;
  closed: boolean;
}

/** Requests whose clients send their body once they are told to (Expect: 100-continue). */
export const awaitingContinue = new WeakSet<IncomingMessage>();

const states = new WeakMap<IncomingMessage, CallState>();

export function beginCall(request: IncomingMessage, operation: Operation): CallState {
  const state: CallState = {
    ...{ operation, began: performance.now(), gone: new AbortController() },
    ...{ place: null, body: null, wish: {}, model: null, images: 0, reason: null },
    ...{ memory: [], working: 0, closed: false },
  };
  states.set(request, state);
  return state;
}

/** The state of a request; one of its own for those that were refused before they had one. */
export function callOf(request: IncomingMessage): CallState {
  return states.get(request) ?? beginCall(request, 'unknown');
}

/** Memory of a request, which is given back once its work is done and its answer sent: until then hooks of an application may look at it. */
export function keep(state: CallState, arrays: readonly ArrayBufferView[]): void {
  state.memory = [...state.memory, ...arrays];
}

/** Does work on what is kept. */
export async function working<T>(state: CallState, work: () => Promise<T>): Promise<T> {
  state.working++;
  try {
    return await work();
  } finally {
    state.working--;
    giveBack(state);
  }
}

/** The answer is sent, or nobody is there who would take it. */
export function closeCall(state: CallState): void {
  state.closed = true;
  giveBack(state);
}

function giveBack(state: CallState): void {
  if (!state.closed || state.working > 0) return;
  // What went to another thread is no longer here.
  const buffers = new Set(state.memory.filter(({ byteLength }) => byteLength > 0).map(({ buffer }) => buffer));
  state.memory = [];
  release([...buffers].map((buffer) => new Uint8Array(buffer)));
}
