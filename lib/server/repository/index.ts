export { versionsInFolder } from './folder.js';
export { mostInstances, ofInstances } from './instances.js';
export { ModelRepository, type RepositoryEvents } from './model_repository.js';
export { assertNoParameters, controlOf, indexEntries, type ModelControl } from './requests.js';
export type { IndexEntry, ModelState, ServedModel, VersionSource } from './served_model.js';
export { type WatchOptions, watch } from './watch.js';
