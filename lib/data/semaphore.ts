/** A number of places at which work is done. Who finds all of them taken waits; who came first goes first. */
export class Semaphore {
  readonly count: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.count = count;
  }

  /** Does `work` at one of the places, which is free again when its promise has settled. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
    try {
      return await work();
    } finally {
      // The place goes from hand to hand: nobody who comes now can get in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }
}
