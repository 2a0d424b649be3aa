/** Metrics under the names that Triton has, for dashboards and autoscalers that know them. Times are in microseconds, as there. */
import type { Registry } from 'prom-client';
import type { Monitor } from '../monitor.js';
import type { ModelRepository, ServedModel } from '../repository/index.js';

type Library = typeof import('prom-client');

const labelNames = ['model', 'version'] as const;

export function addTritonMetrics(
  { Gauge, Counter }: Library,
  registers: readonly Registry[],
  repository: ModelRepository,
): Monitor {
  const options = (name: string, help: string) => ({ name: `nv_inference_${name}`, help, registers: [...registers] });
  const success = new Counter({
    ...options('request_success', 'Requests that were answered with results.'),
    labelNames,
  });
  const failure = new Counter({ ...options('request_failure', 'Requests that were refused or failed.'), labelNames });
  const duration = new Counter({ ...options('request_duration_us', 'Time of requests in all.'), labelNames });
  /** A counter that a model keeps itself. */
  const counted = (name: string, help: string, value: (batching: ReturnType<typeof batchingOf>) => number) =>
    new Counter({
      ...options(name, help),
      labelNames,
      collect() {
        this.reset();
        for (const served of repository.served())
          this.inc({ model: served.name, version: served.version }, value(batchingOf(served)));
      },
    });
  counted('count', 'Images that have run.', ({ images }) => images);
  counted('exec_count', 'Batches that have run.', ({ batches }) => batches);
  counted('queue_duration_us', 'Time that images waited for their batch.', (batching) =>
    Math.round(1000 * batching.images * batching.meanQueueDelayMs),
  );
  counted(
    'compute_input_duration_us',
    'Time from the arrival of images until they were decoded and preprocessed.',
    (batching) => Math.round(1000 * batching.images * batching.meanPreparationMs),
  );
  new Gauge({
    ...options('pending_request_count', 'Images that wait for their batch.'),
    labelNames,
    collect() {
      this.reset();
      for (const served of repository.served())
        this.set({ model: served.name, version: served.version }, batchingOf(served).waiting);
    },
  });
  return {
    answered({ operation, model, reason, seconds }) {
      if (model === null || (operation !== 'infer' && operation !== 'classify')) return;
      const names = { model: model.name, version: model.version };
      (reason === null ? success : failure).inc(names);
      if (reason === null) duration.inc(names, Math.round(seconds * 1e6));
    },
  };
}

function batchingOf({ model }: ServedModel) {
  const { batching } = model.stats();
  const images = Object.values(batching.imagesByBatchSize).reduce((sum, count) => sum + count, 0);
  return { ...batching, images };
}
