/** Metrics of models: what they count themselves, read when somebody asks. */
import type { Registry } from 'prom-client';
import type { ModelRepository, ServedModel } from '../repository/index.js';

type Library = typeof import('prom-client');

const labelNames = ['model', 'version'] as const;

export function addModelMetrics(
  { Gauge, Counter }: Library,
  registers: readonly Registry[],
  repository: ModelRepository,
): void {
  const of = ({ name, version }: ServedModel) => ({ model: name, version });
  const options = (name: string, help: string) => ({ name, help, registers: [...registers] });
  new Gauge({
    ...options('slimnet_model_ready', 'Whether a version of a model answers.'),
    labelNames,
    // Of several workers: whether all have it.
    aggregator: 'min',
    collect() {
      this.reset();
      for (const { name, version, state } of repository.index())
        this.set({ model: name, version }, state === 'READY' ? 1 : 0);
    },
  });
  new Gauge({
    ...options('slimnet_queue_images', 'Images that wait for their batch, decoded or not.'),
    labelNames,
    collect() {
      this.reset();
      for (const served of repository.served()) this.set(of(served), served.model.stats().batching.waiting);
    },
  });
  new Counter({
    ...options('slimnet_batches_total', 'Batches that have begun.'),
    labelNames,
    collect() {
      this.reset();
      for (const served of repository.served()) this.inc(of(served), served.model.stats().batching.batches);
    },
  });
  new Counter({
    ...options('slimnet_batch_images_total', 'Images that have run, by the size of their batch.'),
    labelNames: [...labelNames, 'batch_size'],
    collect() {
      this.reset();
      for (const served of repository.served())
        for (const [size, images] of Object.entries(served.model.stats().batching.imagesByBatchSize))
          this.inc({ ...of(served), batch_size: size }, images);
    },
  });
  new Gauge({
    ...options(
      'slimnet_image_wait_seconds',
      'Mean time of an image from its arrival to its batch, by what it waited for.',
    ),
    labelNames: [...labelNames, 'phase'],
    aggregator: 'average',
    collect() {
      this.reset();
      for (const served of repository.served()) {
        const { meanPreparationMs, meanQueueDelayMs } = served.model.stats().batching;
        this.set({ ...of(served), phase: 'preparation' }, meanPreparationMs / 1000);
        this.set({ ...of(served), phase: 'queue' }, meanQueueDelayMs / 1000);
      }
    },
  });
  new Gauge({
    ...options('slimnet_model_bytes', 'Memory of a model, by what it is for.'),
    labelNames: [...labelNames, 'kind'],
    collect() {
      this.reset();
      for (const served of repository.served())
        for (const [kind, bytes] of Object.entries(served.model.stats().bytes))
          if (typeof bytes === 'number') this.set({ ...of(served), kind }, bytes);
    },
  });
}
