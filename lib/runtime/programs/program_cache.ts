/** Compiled programs, least recently used first out. */

/** What the cache keeps for a key: a compilation that runs or has ended. */
export interface CachedProgram {
  /** Uses that hold the program just now: it is not dropped before they end. */
  users: number;
  dispose(): void;
}

/** A bounded map. Entries in use stay, even when that means to exceed the bound for a while. */
export class ProgramCache<T extends CachedProgram> {
  readonly #limit: number;
  readonly #entries = new Map<string, T>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry, which becomes the most recently used one. */
  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Adds an entry and drops the least recently used ones that are over the bound. */
  add(key: string, entry: T): void {
    this.#entries.set(key, entry);
    for (const [oldKey, old] of this.#entries) {
      if (this.#entries.size <= this.#limit) return;
      if (old === entry || old.users > 0) continue;
      this.#entries.delete(oldKey);
      old.dispose();
    }
  }

  /** Forgets an entry without disposing it, if it is still the one under its key. */
  remove(key: string, entry: T): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }

  entries(): IterableIterator<T> {
    return this.#entries.values();
  }

  /** Disposes all entries. */
  clear(): void {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    for (const entry of all) entry.dispose();
  }
}
