/** Looks now and then for checkpoints that have changed, and versions that have come or gone. */
import type { ModelRepository } from './model_repository.js';
import type { VersionSource } from './served_model.js';

export interface WatchOptions {
  readonly intervalMs: number;
  /** All versions that there should be; those that the repository has unless told. */
  readonly versions?: () => Promise<readonly VersionSource[]>;
  readonly onError: (error: unknown) => void;
}

/** Polling, since folders on networks tell nobody of changes. @returns ends it, and waits for what is under way */
export function watch(
  repository: ModelRepository,
  { intervalMs, versions, onError }: WatchOptions,
): () => Promise<void> {
  let ended = false;
  let wake = () => {};
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, intervalMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const run = async () => {
    while (!ended) {
      await pause();
      if (ended) return;
      try {
        if (versions !== undefined) await reconcile(repository, await versions(), () => ended);
        await repository.refresh();
      } catch (error) {
        if (!ended) onError(error);
      }
    }
  };
  const running = run();
  return async () => {
    ended = true;
    wake();
    await running;
  };
}

/** Adds versions that have come, and then takes away those that are gone: of a model a new version is ready before the old one leaves. */
async function reconcile(
  repository: ModelRepository,
  sources: readonly VersionSource[],
  ended: () => boolean,
): Promise<void> {
  const key = ({ name, version }: Pick<VersionSource, 'name' | 'version'>) => `${name}/${version}`;
  const wanted = new Set(sources.map(key));
  const known = new Set(repository.index().map(key));
  const failures: unknown[] = [];
  for (const source of sources) {
    if (known.has(key(source)) || ended()) continue;
    repository.add(source);
    await repository.load(source.name, source.version).catch((error: unknown) => failures.push(error));
  }
  for (const { name, version } of repository.index()) {
    if (wanted.has(`${name}/${version}`) || ended()) continue;
    // The last version that answers stays until its successor does; a model that is gone altogether goes.
    const successors = sources.some((source) => source.name === name);
    if (!successors || repository.versions(name).some((other) => other !== version))
      await repository.remove(name, version);
  }
  if (failures.length > 0) throw failures[0];
}
