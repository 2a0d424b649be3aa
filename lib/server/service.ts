/** What the routes of a server share. */

import type { Gate } from './gate.js';
import type { JsonWorkerPool } from './json_worker_pool.js';
import type { Limits } from './limits.js';
import type { MetricsText } from './metrics/prometheus.js';
import type { Monitor } from './monitor.js';
import type { ModelControl, ModelRepository } from './repository/index.js';
import type { Statistics } from './statistics.js';
import type { Tracing } from './tracing.js';
import type { Turns } from './turns.js';

export interface Service {
  readonly repository: ModelRepository;
  /** Loads and unloads models where clients ask for it. */
  readonly control: ModelControl;
  readonly limits: Limits;
  readonly gate: Gate;
  readonly json: JsonWorkerPool;
  readonly turns: Turns;
  readonly monitor: Monitor;
  /** Counts of requests and times of models, as Triton tells them. */
  readonly statistics: Statistics;
  /** What `/metrics` shows; null where there are none. */
  readonly metrics: MetricsText | null;
  /** Throws where a request has not the token of the server. */
  readonly checkToken: ((authorization: string | undefined) => void) | null;
  readonly tracing: Tracing;
  /** Whether clients may ask how long each layer takes. */
  readonly profiling: boolean;
  /** Whether there is a page for people. */
  readonly page: boolean;
  /** Whether clients may load and unload models. */
  readonly modelControl: boolean;
  /** Whether the server is ready for requests. */
  readonly ready: () => boolean;
  /** True once the server shuts down: it answers what comes, and says that it is not ready. */
  readonly stopping: () => boolean;
}
