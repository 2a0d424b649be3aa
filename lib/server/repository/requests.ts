/** What clients may ask of a repository, where the operator lets them. */
import { RequestError } from '../protocol/index.js';
import type { ModelRepository } from './model_repository.js';
import type { IndexEntry } from './served_model.js';

/** Loads and unloads models by their names. */
export interface ModelControl {
  load(name: string): Promise<void>;
  unload(name: string): Promise<void>;
}

export function indexEntries(repository: ModelRepository, onlyReady: boolean): IndexEntry[] {
  return repository.index().filter(({ state }) => !onlyReady || state === 'READY');
}

/** The control of one repository. Its errors are for clients; what they are not told goes to `onFailure`. */
export function controlOf(repository: ModelRepository, onFailure: (error: unknown) => void): ModelControl {
  return {
    load: async (name) => {
      try {
        await repository.loadAll(name);
      } catch (error) {
        if (error instanceof RequestError) throw error;
        onFailure(error);
        throw new RequestError('not_ready', `The model ${name} cannot be loaded; the server's log says why.`);
      }
    },
    unload: (name) => repository.unload(name),
  };
}

/** Clients choose among the operator's models: they bring no configuration and no files of their own. @throws RequestError */
export function assertNoParameters(parameters: number): void {
  if (parameters > 0)
    throw new RequestError('malformed', 'This server takes no configuration and no files with the request to load.');
}
