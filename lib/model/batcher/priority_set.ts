/** A set that is walked by priority, lowest number first, and within one in the order in which its elements were added. */
export class PrioritySet<T extends { readonly priority: number }> implements Iterable<T> {
  readonly #levels = new Map<number, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(element: T): void {
    const level = this.#levels.get(element.priority) ?? new Set();
    if (!this.#levels.has(element.priority)) this.#levels.set(element.priority, level);
    if (level.has(element)) return;
    level.add(element);
    this.#size++;
  }

  /** The highest number of all; 0 where there is none. */
  get lastPriority(): number {
    let last = 0;
    for (const priority of this.#levels.keys()) last = Math.max(last, priority);
    return last;
  }

  has(element: T): boolean {
    return this.#levels.get(element.priority)?.has(element) === true;
  }

  delete(element: T): boolean {
    const level = this.#levels.get(element.priority);
    if (level?.delete(element) !== true) return false;
    this.#size--;
    if (level.size === 0) this.#levels.delete(element.priority);
    return true;
  }

  /** Elements that are added while it is walked may be left out. */
  *[Symbol.iterator](): Generator<T> {
    for (const priority of this.#priorities()) yield* this.#levels.get(priority) ?? [];
  }

  /** The other way round: lowest priority first, and in it the newest first. */
  *backwards(): Generator<T> {
    for (const priority of this.#priorities().reverse()) yield* [...(this.#levels.get(priority) ?? [])].reverse();
  }

  #priorities(): number[] {
    return this.#levels.size === 1 ? [...this.#levels.keys()] : [...this.#levels.keys()].sort((a, b) => a - b);
  }
}
