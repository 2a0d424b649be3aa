/** The models of a server: loading, warming, replacing and freeing them while requests come. */
import { ArgumentError } from '../../errors.js';
import type { Model } from '../../model/index.js';
import { RequestError } from '../protocol/index.js';
import { validName, validVersion } from './names.js';
import type { IndexEntry, ModelState, ServedModel, VersionSource } from './served_model.js';

interface Entry {
  readonly source: VersionSource;
  state: ModelState;
  reason: string;
  model: Model | null;
  /** What was found when it was loaded, or when that failed. */
  fingerprint: string | null;
  /** What was found at the last look. */
  seen: string | null;
  /** The change that is under way: others wait for it. */
  change: Promise<void>;
}

/** What is told of changes. */
export interface RepositoryEvents {
  readonly onChange?: (entry: IndexEntry, error?: unknown) => void;
}

/**
 * - A version is ready once it is loaded and warm, never before.
 * - A version that is loaded again goes on answering with what it has until the new one is warm; then new requests get the new one, and the
 *   old one is freed when it has answered those that it had accepted. A new one that cannot be loaded changes nothing.
 */
export class ModelRepository {
  readonly #entries = new Map<string, Map<string, Entry>>();
  readonly #events: RepositoryEvents;
  /** Models that answer their last requests. */
  readonly #leaving = new Set<Promise<void>>();
  #closing = false;
  #whenReady = () => {};

  constructor(events: RepositoryEvents = {}) {
    this.#events = events;
  }

  /** @internal Calls `act` now, and whenever a model is about to become ready: it may have threads of its own. */
  whenReady(act: () => void): void {
    this.#whenReady = act;
    act();
  }

  /** Makes a version known, without loading it. @throws ArgumentError for names that no path can have, and for those that are taken */
  add(source: VersionSource): void {
    const { name, version } = source;
    if (!validName.test(name))
      throw new ArgumentError(
        `A model named ${JSON.stringify(name)}: expected letters, digits, and . _ - between them.`,
      );
    if (!validVersion.test(version))
      throw new ArgumentError(`${name}: a version ${JSON.stringify(version)}: expected an integer from 1 on.`);
    const versions = this.#entries.get(name) ?? new Map<string, Entry>();
    if (versions.has(version)) throw new ArgumentError(`${name}: there are two versions ${version}.`);
    this.#entries.set(name, versions);
    versions.set(version, {
      source,
      state: 'UNAVAILABLE',
      reason: 'not loaded',
      model: null,
      fingerprint: null,
      seen: null,
      change: Promise.resolve(),
    });
  }

  /** Takes a model in that somebody else has loaded and warmed, and will free. */
  adopt(name: string, version: string, model: Model): void {
    this.add({ name, version, load: async () => model });
    const entry = this.#entry(name, version);
    entry.model = model;
    this.#enter(entry, 'READY', '');
  }

  /** Forgets a version that is gone, after it was unloaded. */
  async remove(name: string, version: string): Promise<void> {
    const entry = this.#entry(name, version);
    await this.#unload(entry);
    const versions = this.#entries.get(name);
    versions?.delete(version);
    if (versions?.size === 0) this.#entries.delete(name);
  }

  /** Loads a version, or loads it anew. @throws what loading throws */
  load(name: string, version: string): Promise<void> {
    return this.#load(this.#entry(name, version));
  }

  /** Loads all versions of a model, or of all, one after the other. @throws the error of the first that fails, after the others */
  async loadAll(name?: string): Promise<void> {
    const failures: unknown[] = [];
    for (const entry of this.#all(name)) await this.#load(entry).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  /**
   * Looks whether what was loaded has changed, and loads it anew where it has, and was the same at two looks: it is there whole. What
   * could not be loaded is tried again when it has changed.
   * @throws the error of the first that fails, after the others
   */
  async refresh(): Promise<void> {
    const failures: unknown[] = [];
    for (const entry of this.#all()) {
      const before = entry.seen;
      entry.seen = (await entry.source.fingerprint?.()) ?? null;
      const asked = entry.model !== null || entry.fingerprint !== null;
      if (!asked || entry.seen === null || entry.seen !== before || entry.seen === entry.fingerprint) continue;
      await this.#load(entry).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Takes a model, all its versions, out of service. */
  async unload(name: string): Promise<void> {
    await Promise.all(this.#all(name).map((entry) => this.#unload(entry)));
  }

  /** @throws RequestError where there is none that is ready */
  get(name: string, version?: string): ServedModel {
    const versions = this.#entries.get(name);
    if (versions === undefined) throw new RequestError('not_found', `There is no model ${quoted(name)}.`);
    const entry = version === undefined ? latestReady(versions) : versions.get(version);
    if (entry === undefined) {
      if (version !== undefined)
        throw new RequestError('not_found', `The model ${name} has no version ${quoted(version)}.`);
      throw new RequestError('not_ready', `No version of the model ${name} is ready.`);
    }
    if (entry.model === null)
      throw new RequestError('not_ready', `The model ${name}, version ${entry.source.version}, is not ready.`);
    return { name, version: entry.source.version, model: entry.model };
  }

  /** Versions of a model that are ready, in order. */
  versions(name: string): string[] {
    return [...(this.#entries.get(name) ?? [])]
      .filter(([, { model }]) => model !== null)
      .map(([version]) => version)
      .sort((a, b) => Number(a) - Number(b));
  }

  /** Whether there is a model, and every one that is known has a version that answers. */
  get ready(): boolean {
    return this.#entries.size > 0 && [...this.#entries.keys()].every((name) => this.versions(name).length > 0);
  }

  index(): IndexEntry[] {
    return this.#all().map(indexEntry);
  }

  /** All versions that answer. */
  served(): ServedModel[] {
    return this.#all().flatMap(({ source: { name, version }, model }) =>
      model === null ? [] : [{ name, version, model }],
    );
  }

  /** Takes all models out of service, and waits until what they accepted is answered. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#all().map((entry) => this.#unload(entry)));
    await Promise.all(this.#leaving);
  }

  #all(name?: string): Entry[] {
    if (name === undefined) return [...this.#entries.values()].flatMap((versions) => [...versions.values()]);
    const versions = this.#entries.get(name);
    if (versions === undefined) throw new RequestError('not_found', `There is no model ${quoted(name)}.`);
    return [...versions.values()];
  }

  #entry(name: string, version: string): Entry {
    const entry = this.#entries.get(name)?.get(version);
    if (entry === undefined)
      throw new RequestError('not_found', `The model ${quoted(name)} has no version ${quoted(version)}.`);
    return entry;
  }

  #load(entry: Entry): Promise<void> {
    return this.#inTurn(entry, async () => {
      if (entry.model === null) this.#enter(entry, 'LOADING', '');
      let next: Model | undefined;
      try {
        // Before it is read: what comes while it is read is found at the next look.
        entry.fingerprint = (await entry.source.fingerprint?.()) ?? null;
        next = await entry.source.load();
        await next.warmup({ outputs: [next.outputs] });
        this.#whenReady();
        if (this.#closing) throw new RequestError('stopping', 'The server is shutting down.');
      } catch (error) {
        await next?.[Symbol.asyncDispose]();
        const reason = error instanceof Error ? error.message : String(error);
        this.#enter(entry, entry.model === null ? 'UNAVAILABLE' : 'READY', reason, error);
        throw error;
      }
      const before = entry.model;
      entry.model = next;
      this.#enter(entry, 'READY', '');
      if (before !== null) this.#free(before);
    });
  }

  #unload(entry: Entry): Promise<void> {
    return this.#inTurn(entry, async () => {
      const { model } = entry;
      entry.fingerprint = null;
      if (model === null) return;
      entry.model = null;
      this.#enter(entry, 'UNLOADING', '');
      await model[Symbol.asyncDispose]();
      this.#enter(entry, 'UNAVAILABLE', 'unloaded');
    });
  }

  #free(model: Model): void {
    const freed = model[Symbol.asyncDispose]().finally(() => this.#leaving.delete(freed));
    this.#leaving.add(freed);
  }

  #inTurn(entry: Entry, change: () => Promise<void>): Promise<void> {
    const mine = entry.change.then(change);
    // A change that fails is told to whoever asked for it; the next one begins all the same.
    entry.change = mine.catch(() => {});
    return mine;
  }

  #enter(entry: Entry, state: ModelState, reason: string, error?: unknown): void {
    entry.state = state;
    entry.reason = reason;
    this.#events.onChange?.(indexEntry(entry), error);
  }
}

function latestReady(versions: ReadonlyMap<string, Entry>): Entry | undefined {
  let latest: Entry | undefined;
  for (const entry of versions.values())
    if (entry.model !== null && Number(entry.source.version) > Number(latest?.source.version ?? 0)) latest = entry;
  return latest;
}

function indexEntry({ source: { name, version }, state, reason }: Entry): IndexEntry {
  return { name, version, state, reason };
}

/** A name out of a request, as a message quotes it. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 128));
}
