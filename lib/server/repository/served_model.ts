import type { Model } from '../../model/index.js';

/** A version of a model that answers requests. */
export interface ServedModel {
  readonly name: string;
  readonly version: string;
  readonly model: Model;
}

/** As the repository extension names them. */
export type ModelState = 'UNAVAILABLE' | 'LOADING' | 'READY' | 'UNLOADING';

/** A version in the index of a repository. */
export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  /** Why it is in this state, where that is not plain. */
  readonly reason: string;
}

/** A version as it is told to a repository. */
export interface VersionSource {
  readonly name: string;
  /** An integer, as text; requests without a version get the highest one that is ready. */
  readonly version: string;
  /** Loads it, again each time that it is called. */
  readonly load: () => Promise<Model>;
  /** Text that changes when there is something new to load; null where there is nothing. Without it, it never changes. */
  readonly fingerprint?: () => Promise<string | null>;
}
