/** One reason to stop out of three: the caller's signal, a time limit, the end of the session. */
import { ExecutionError } from '../../errors.js';

/** Cancellations by the signal that they follow: one listener for each signal, since Node warns of more than ten. */
export class SignalListeners {
  readonly #followers = new Map<AbortSignal, { readonly all: Set<Cancellation>; readonly onAbort: () => void }>();

  add(signal: AbortSignal, cancellation: Cancellation): void {
    let followers = this.#followers.get(signal);
    if (followers === undefined) {
      const all = new Set<Cancellation>();
      const onAbort = (): void => {
        for (const follower of [...all]) follower.cancel(signal.reason);
      };
      followers = { all, onAbort };
      this.#followers.set(signal, followers);
      signal.addEventListener('abort', onAbort, { once: true });
    }
    followers.all.add(cancellation);
  }

  remove(signal: AbortSignal, cancellation: Cancellation): void {
    const followers = this.#followers.get(signal);
    if (followers === undefined || !followers.all.delete(cancellation) || followers.all.size > 0) return;
    signal.removeEventListener('abort', followers.onAbort);
    this.#followers.delete(signal);
  }
}

/** What ends by its time limit. */
export function timeoutError(what: 'run' | 'request', timeoutMs: number): ExecutionError {
  return new ExecutionError(`The ${what} took longer than timeoutMs, ${timeoutMs} ms.`, { code: 'ERR_ABORTED' });
}

/** Tells once that something is to stop, and why. */
export class Cancellation {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #signals: SignalListeners;
  readonly #listeners: (() => void)[] = [];
  #cancelled = false;
  #reason: unknown;

  /** @throws what the signal was aborted with, when it is aborted already */
  constructor(signal?: AbortSignal, timeoutMs?: number, signals = new SignalListeners()) {
    signal?.throwIfAborted();
    this.#signal = signal;
    this.#signals = signals;
    if (signal !== undefined) signals.add(signal, this);
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.cancel(timeoutError('run', timeoutMs));
      }, timeoutMs);
    }
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** What the promise is rejected with. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The first reason counts. */
  cancel(reason: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  throwIfCancelled(): void {
    if (this.#cancelled) throw this.#reason;
  }

  /** Calls `listener` when it is time to stop; at once when it was before. */
  onCancel(listener: () => void): void {
    if (this.#cancelled) listener();
    else this.#listeners.push(listener);
  }

  /** Waits for `promise`, but no longer than until it is time to stop. @throws the reason */
  async race<T>(promise: Promise<T>): Promise<T> {
    this.throwIfCancelled();
    return new Promise<T>((resolve, reject) => {
      this.onCancel(() => reject(this.#reason));
      promise.then(resolve, reject);
    });
  }

  /** Lets go of signal and timer. */
  end(): void {
    if (this.#signal !== undefined) this.#signals.remove(this.#signal, this);
    clearTimeout(this.#timer);
    this.#listeners.length = 0;
  }
}
