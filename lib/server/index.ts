/** `slimnet/server`: models behind HTTP, by the Open Inference Protocol. It needs fastify 5, which slimnet does not install. */
export { type LimitName, type Limits, limitTable } from './limits.js';
export type { Answered, Monitor, Operation } from './monitor.js';
export type { ServerOptions, ServingOptions } from './options.js';
export { slimnetPlugin } from './plugin.js';
export { type RefusalReason, refusals } from './protocol/index.js';
export {
  type IndexEntry,
  ModelRepository,
  type ModelState,
  type VersionSource,
  versionsInFolder,
  type WatchOptions,
  watch,
} from './repository/index.js';
export { type SlimnetServer, startServer } from './server.js';
