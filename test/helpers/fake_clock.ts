/** A clock that stands still until it is turned: for tests of what waits, without waiting. */
import type { Clock } from '../../lib/model/batcher/clock.js';

export class FakeClock implements Clock {
  #now = 0;
  #count = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly call: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const id = this.#count++;
    this.#timers.set(id, { at: this.#now + ms, call });
    return () => this.#timers.delete(id);
  }

  /** A promise that is fulfilled `ms` from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** The timer that is due first; of those that are due together the one that was set first. */
  #next(): { readonly id: number; readonly at: number; readonly call: () => void } | undefined {
    let first: { id: number; at: number; call: () => void } | undefined;
    for (const [id, { at, call }] of this.#timers) {
      if (first === undefined || at < first.at) first = { id, at, call };
    }
    return first;
  }

  /** Turns the clock by `ms`; promises are settled between one timer and the next. `each` is called after each of them. */
  async turn(ms: number, each: () => void = () => {}): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > end) break;
      const { id, at, call } = next;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, at);
      call();
      await settled();
      each();
    }
    // Forever ends with the last timer.
    if (Number.isFinite(end)) this.#now = end;
  }
}

/** All promises that can be settled by now are. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
