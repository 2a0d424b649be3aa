/** What the main process of a server and its workers tell each other. */
import type { RefusalReason } from '../protocol/index.js';

/** What is asked of all workers. */
export type Question =
  | { readonly kind: 'metrics' }
  | { readonly kind: 'load'; readonly name: string }
  | { readonly kind: 'unload'; readonly name: string };

/** What one of them says, or all. */
export type Answer =
  | { readonly value: unknown }
  | { readonly reason: RefusalReason; readonly message: string; readonly retryAfterMs?: number };

export type ToWorker =
  | { readonly slimnet: 'stop' }
  /** All workers are ready. */
  | { readonly slimnet: 'open' }
  | { readonly slimnet: 'question'; readonly number: number; readonly question: Question }
  | { readonly slimnet: 'answer'; readonly number: number; readonly answer: Answer };

export type ToMain =
  /** It listens at these addresses; and whether its models are ready. */
  | { readonly slimnet: 'state'; readonly ready: boolean; readonly addresses: string }
  | { readonly slimnet: 'ask'; readonly number: number; readonly question: Question }
  | { readonly slimnet: 'answer'; readonly number: number; readonly answer: Answer };

/** Whether something that came from another process is of these. */
export function isMessage(value: unknown): value is { readonly slimnet: string } {
  return typeof value === 'object' && value !== null && typeof (value as { slimnet?: unknown }).slimnet === 'string';
}
