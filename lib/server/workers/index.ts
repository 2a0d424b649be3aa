export { runWorkers, type WorkersOptions } from './main_process.js';
export type { MetricJson } from './worker_metrics.js';
export { type Siblings, siblings } from './worker_process.js';
