/** The event loop, shared out: what many requests want to do at once is done over several of its turns. */

/** Work of one turn, in milliseconds; what is begun is not interrupted. */
const workOfTurnMs = 1;

/**
 * Does work in the order in which it comes, and no more than about a millisecond of it before the event loop turns. When a batch of 32 ends there are 32
 * answers to write, and then 32 bodies to read: one after the other without a pause they keep everybody else waiting for 20 milliseconds.
 */
export class Turns {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  /** When the first work of this turn began; null before it. */
  #began: number | null = null;
  /** Whether something has begun whose promises are not done with yet. */
  #following = false;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Calls `work` at once where this turn has time left, else in a later one. */
  run(work: () => void): void {
    if (this.#waiting.length > 0 || this.#isOver()) this.#waiting.push(work);
    else work();
  }

  /** Resolves when it is time for what follows. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.length > 0 || this.#following || this.#isOver()) this.#waiting.push(resolve);
      else this.#begin(resolve);
    });
  }

  #isOver(): boolean {
    const now = this.#now();
    if (this.#began !== null) return now - this.#began >= workOfTurnMs;
    this.#began = now;
    setImmediate(() => {
      this.#began = null;
      this.#goOn();
    });
    return false;
  }

  #goOn(): void {
    const [work] = this.#waiting;
    if (work === undefined || this.#following || this.#isOver()) return;
    this.#waiting.shift();
    this.#begin(work);
  }

  #begin(work: () => void): void {
    this.#following = true;
    work();
    // Ticks come when all that follows in promises is done: only then is it known how long it took.
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#following = false;
        this.#goOn();
      }),
    );
  }
}
