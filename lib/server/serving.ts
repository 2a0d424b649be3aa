/** A service for options: the one thing that all ways to serve share. */
import { describe } from '../core/dtype.js';
import { checkBoolean } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import type { Model } from '../model/index.js';
import { Gate } from './gate.js';
import { JsonWorkerPool } from './json_worker_pool.js';
import { checkedLimits } from './limits.js';
import { prometheusMetrics } from './metrics/prometheus.js';
import type { ServingOptions } from './options.js';
import type { Log } from './record.js';
import { controlOf, type ModelControl, ModelRepository } from './repository/index.js';
import type { Service } from './service.js';
import { Statistics } from './statistics.js';
import { tokenCheck } from './token.js';
import { noTracing, openTelemetry } from './tracing.js';
import { Turns } from './turns.js';
import type { Siblings } from './workers/index.js';

export interface Serving {
  readonly service: Service;
  /** Says that the server is not ready, and that connections will close. */
  beginStop(): void;
  /** Where it writes what clients are not told. */
  logTo(log: Log): void;
  /** Frees what serving needed; not the models. */
  close(): Promise<void>;
}

/** @throws ArgumentError */
export async function serving(options: ServingOptions): Promise<Serving> {
  const { models, modelControl = false, token, monitor, metrics: wanted = true, siblings } = options;
  const { tracing = false, profiling = false, page = false } = options;
  for (const [name, value] of Object.entries({ modelControl, tracing, profiling, page }))
    checkBoolean('slimnet server', name, value);
  if (wanted !== 'triton') checkBoolean('slimnet server', 'metrics', wanted);
  const limits = checkedLimits(options.limits);
  let stopping = false;
  let log: Log | null = null;
  const json = new JsonWorkerPool();
  const gate = new Gate(limits);
  const statistics = new Statistics();
  const repository = models instanceof ModelRepository ? models : await repositoryOf(models);
  const tritonNames = wanted === 'triton';
  const metrics = wanted === false ? null : await prometheusMetrics({ repository, gate, tritonNames });
  const own = controlOf(repository, (error) => log?.error({ err: error }, 'a model was not loaded'));
  siblings?.onQuestion(async (question) => {
    if (question.kind === 'metrics') return metrics?.json();
    return question.kind === 'load' ? own.load(question.name) : own.unload(question.name);
  });
  const ofAll = siblings === undefined ? null : controlOfAll(siblings);
  const service: Service = {
    ...{ limits, json, modelControl, profiling, page, repository, gate, turns: new Turns() },
    control: ofAll ?? own,
    metrics:
      siblings === undefined || metrics === null
        ? metrics
        : { contentType: metrics.contentType, text: async () => String(await siblings.ask({ kind: 'metrics' })) },
    ready: () => repository.ready && !stopping && siblings?.open() !== false,
    statistics,
    monitor: {
      answered: (request) => {
        statistics.answered(request);
        metrics?.answered(request);
        monitor?.answered(request);
      },
    },
    tracing: tracing ? await openTelemetry() : noTracing,
    checkToken: token === undefined ? null : tokenCheck(token),
    stopping: () => stopping,
  };
  return {
    service,
    beginStop: () => {
      stopping = true;
    },
    logTo: (to) => {
      log = to;
    },
    close: () => json.close(),
  };
}

/** What one worker is asked to load, all load. */
function controlOfAll(siblings: Siblings): ModelControl {
  return {
    load: async (name) => void (await siblings.ask({ kind: 'load', name })),
    unload: async (name) => void (await siblings.ask({ kind: 'unload', name })),
  };
}

/** Models that somebody else has loaded, and will free. */
async function repositoryOf(models: Readonly<Record<string, Model>>): Promise<ModelRepository> {
  if (typeof models !== 'object' || models === null || Object.keys(models).length === 0)
    throw new ArgumentError(`models: expected models by name, received ${describe(models)}.`);
  const repository = new ModelRepository();
  for (const [name, model] of Object.entries(models)) repository.adopt(name, '1', model);
  return repository;
}
