/** Whether a session takes calls, what is pending in it, and tasks that let its runs wait. */
import { ExecutionError } from '../../errors.js';
import { Cancellation, SignalListeners } from './cancellation.js';

/** From the first call to the disposal. */
export class SessionLifetime {
  readonly #pending = new Set<Promise<unknown>>();
  readonly #cancellations = new Set<Cancellation>();
  readonly #signals = new SignalListeners();
  #gate: Promise<void> | null = null;
  #state: 'open' | 'closing' | 'disposed' = 'open';

  /** The end of the exclusive task that was called last; null when there is none. */
  get gate(): Promise<void> | null {
    return this.#gate;
  }

  /** Work that may be cancelled and has not ended. */
  get cancellable(): number {
    return this.#cancellations.size;
  }

  /** Calls that have not ended. */
  pending(): Promise<unknown>[] {
    return [...this.#pending];
  }

  /** @throws ExecutionError (ERR_DISPOSED) when no more calls are taken */
  assertOpen(): void {
    if (this.#state !== 'open') throw disposedError();
  }

  /** @throws ExecutionError (ERR_DISPOSED) */
  assertNotDisposed(): void {
    if (this.#state === 'disposed') throw disposedError();
  }

  /** Counts a call as pending until it ends. */
  track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise);
    const forget = (): void => {
      this.#pending.delete(promise);
    };
    promise.then(forget, forget);
    return promise;
  }

  /** Begins work at once that the signal, the time limit or the disposal may end. */
  async cancellably<T>(
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    work: (cancellation: Cancellation) => Promise<T>,
  ): Promise<T> {
    const cancellation = new Cancellation(signal, timeoutMs, this.#signals);
    this.#cancellations.add(cancellation);
    try {
      return await work(cancellation);
    } finally {
      cancellation.end();
      this.#cancellations.delete(cancellation);
    }
  }

  /** Runs `task` when earlier exclusive tasks have ended; runs wait for the gate until then. */
  async exclusively<T>(task: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const before = this.#gate;
    const running = (async () => {
      if (before !== null) await before;
      this.assertNotDisposed();
      return task();
    })();
    const gate = running.then(
      () => {},
      () => {},
    );
    this.#gate = gate;
    try {
      return await this.track(running);
    } finally {
      if (this.#gate === gate) this.#gate = null;
    }
  }

  /** Runs `task` when the exclusive tasks that were called before have ended; nothing waits for it. */
  async afterExclusive<T>(task: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const before = this.#gate;
    return this.track(
      (async () => {
        if (before !== null) await before;
        this.assertNotDisposed();
        return task();
      })(),
    );
  }

  /** Takes no more calls, and waits for what is pending. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  /** Rejects what is pending. @returns false when that was done before */
  dispose(): boolean {
    if (this.#state === 'disposed') return false;
    this.#state = 'disposed';
    for (const cancellation of this.#cancellations) cancellation.cancel(disposedError());
    return true;
  }
}

function disposedError(): ExecutionError {
  return new ExecutionError('The session was disposed.', { code: 'ERR_DISPOSED' });
}
