/** A clock that stands still until it is turned: for tests of what waits, without waiting. */
import type { Clock } from '../../lib/model/clock.js';

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

  /** Turns the clock by `ms`; promises are settled between one timer and the next. `each` is called after each of them. */
  async turn(ms: number, each: () => void = () => {}): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const [next] = [...this.#timers].sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (next === undefined || next[1].at > end) break;
      const [id, { at, call }] = next;
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
