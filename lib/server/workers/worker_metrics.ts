/** Metrics of all workers as those of one server. */
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';
import { load } from '../optional.js';

type Library = typeof import('prom-client');
/** A metric with its values, as it goes from process to process. */
export type MetricJson = MetricObjectWithValues<MetricValue<string>>;

/**
 * Counters go on where workers have ended: what such a worker had counted when somebody last asked stays in the sums, since counters that
 * shrink would be read as started anew.
 */
export class WorkerMetrics {
  readonly #library: Library;
  readonly #own: Registry;
  readonly #restarts: InstanceType<Library['Counter']>;
  readonly #latest = new Map<number, MetricJson[]>();
  #departed: MetricJson[] = [];

  private constructor(library: Library) {
    this.#library = library;
    this.#own = new library.Registry();
    const registers = [this.#own];
    const latest = this.#latest;
    new library.Gauge({
      ...{ name: 'slimnet_workers', help: 'Processes that answer requests.', registers },
      collect() {
        this.set(latest.size);
      },
    });
    this.#restarts = new library.Counter({
      ...{ name: 'slimnet_worker_restarts_total', help: 'Workers that have ended and were started anew.', registers },
    });
  }

  /** @throws ArgumentError where prom-client is not installed */
  static async create(): Promise<WorkerMetrics> {
    return new WorkerMetrics(await load('prom-client'));
  }

  /** What a worker says of itself. */
  note(worker: number, metrics: MetricJson[]): void {
    this.#latest.set(worker, metrics);
  }

  async departed(worker: number): Promise<void> {
    this.#restarts.inc();
    const kept = (this.#latest.get(worker) ?? []).filter(({ type }) => String(type) !== 'gauge');
    this.#latest.delete(worker);
    const all = this.#library.AggregatorRegistry.aggregate([this.#departed, kept]);
    this.#departed = await all.getMetricsAsJSON();
  }

  async text(): Promise<string> {
    const own = await this.#own.getMetricsAsJSON();
    const lists = [this.#departed, ...this.#latest.values(), own].filter((list) => list.length > 0);
    return this.#library.AggregatorRegistry.aggregate(lists).metrics();
  }
}
