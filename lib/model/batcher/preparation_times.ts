/** Share of the newest measurement in the averages. */
const weight = 1 / 8;

/** How long payloads take to be prepared, a few of them at the same time. */
export class PreparationTimes {
  /** Time from one payload that is ready to the next one, in milliseconds. */
  #perPayload = 0;
  /** What a preparation takes longer than that, since it is not the only one. */
  #latency = 0;
  #count = 0;
  #at = 0;
  #running = 0;

  began(now: number): void {
    if (this.#running++ === 0) this.#at = now;
  }

  /** `payloads` of a preparation that began at `since` are ready. */
  ended(payloads: number, since: number, now: number): void {
    this.#running--;
    const ms = now - this.#at;
    this.#at = now;
    if (payloads === 0) return;
    const share = Math.max(weight, 1 / ++this.#count);
    this.#perPayload += share * (ms / payloads - this.#perPayload);
    this.#latency += share * (Math.max(0, now - since - payloads * this.#perPayload) - this.#latency);
  }

  /** How long it takes until the last of so many payloads that wait for their preparation is ready, in milliseconds. */
  until(payloads: number): number {
    return payloads * this.#perPayload + this.#latency;
  }
}
