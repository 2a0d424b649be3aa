/** Time over which arrivals are averaged, in milliseconds. */
const averagedMs = 500;

/** How much comes, those who are refused included: an average in which the past fades. */
export class ArrivalRate {
  #perMs = 0;
  #at = 0;

  add(count: number, now: number): void {
    this.#perMs = this.perMs(now) + count / averagedMs;
    this.#at = now;
  }

  /** Arrivals in a millisecond. */
  perMs(now: number): number {
    return this.#perMs * Math.exp((this.#at - now) / averagedMs);
  }
}
