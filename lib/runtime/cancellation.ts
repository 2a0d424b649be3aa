/** One reason to stop out of three: the caller's signal, a time limit, the end of the session. */
import { ExecutionError } from '../errors.js';

/** Tells once that something is to stop, and why. */
export class Cancellation {
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => this.cancel(this.#signal?.reason);
  readonly #listeners: (() => void)[] = [];
  #cancelled = false;
  #reason: unknown;

  /** @throws what the signal was aborted with, when it is aborted already */
  constructor(signal?: AbortSignal, timeoutMs?: number) {
    signal?.throwIfAborted();
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.cancel(
          new ExecutionError(`The run took longer than timeoutMs, ${timeoutMs} ms.`, { code: 'ERR_ABORTED' }),
        );
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
    this.#signal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#timer);
    this.#listeners.length = 0;
  }
}
