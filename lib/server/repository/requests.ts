/** What clients may ask of a repository, where the operator lets them. */
import { RequestError } from '../protocol/index.js';
import type { Log } from '../record.js';
import type { ModelRepository } from './model_repository.js';
import type { IndexEntry } from './served_model.js';

export function indexEntries(repository: ModelRepository, onlyReady: boolean): IndexEntry[] {
  return repository.index().filter(({ state }) => !onlyReady || state === 'READY');
}

/**
 * Loads a model. Clients choose among the operator's models: they bring no configuration and no files of their own.
 * @throws RequestError
 */
export async function loadOnRequest(
  repository: ModelRepository,
  name: string,
  parameters: number,
  log: Log,
): Promise<void> {
  if (parameters > 0)
    throw new RequestError('malformed', 'This server takes no configuration and no files with the request to load.');
  try {
    await repository.loadAll(name);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    log.error({ err: error }, 'a model was not loaded');
    throw new RequestError('not_ready', `The model ${name} cannot be loaded; the server's log says why.`);
  }
}
