/** What Triton's extension for statistics tells of models, in its form in JSON: counted since a model was loaded; requests since the server began. */
import type { Answered, Monitor } from './monitor.js';
import type { ServedModel } from './repository/index.js';

/** How often something happened, and how long it took in all, in nanoseconds. */
export interface Duration {
  readonly count: number;
  readonly ns: number;
}

export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  /** When the last request for inference ended, in milliseconds since 1970; 0 for never. */
  readonly last_inference: number;
  /** Images that have run. */
  readonly inference_count: number;
  /** Batches that have run. */
  readonly execution_count: number;
  readonly inference_stats: Readonly<
    Record<
      'success' | 'fail' | 'queue' | 'compute_input' | 'compute_infer' | 'compute_output' | 'cache_hit' | 'cache_miss',
      Duration
    >
  >;
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_input: Duration;
    readonly compute_infer: Duration;
    readonly compute_output: Duration;
  }[];
  readonly memory_usage: readonly [];
}

interface Requests {
  success: Duration;
  fail: Duration;
  last: number;
}

const never: Duration = { count: 0, ns: 0 };

/** Counts requests by model. */
export class Statistics implements Monitor {
  readonly #requests = new Map<string, Requests>();

  answered({ operation, model, reason, seconds }: Answered): void {
    if (model === null || (operation !== 'infer' && operation !== 'classify')) return;
    const key = keyOf(model);
    const requests = this.#requests.get(key) ?? { success: never, fail: never, last: 0 };
    const kind = reason === null ? 'success' : 'fail';
    const { count, ns } = requests[kind];
    requests[kind] = { count: count + 1, ns: ns + Math.round(seconds * 1e9) };
    if (reason === null) requests.last = Date.now();
    this.#requests.set(key, requests);
  }

  of(served: ServedModel): ModelStatistics {
    const { success, fail, last } = this.#requests.get(keyOf(served)) ?? { success: never, fail: never, last: 0 };
    const { batching } = served.model.stats();
    const sizes = Object.entries(batching.imagesByBatchSize).map(([size, images]) => ({
      ...{ size: Number(size), images },
      runMs: batching.runMsByBatchSize[Number(size)] ?? 0,
    }));
    const images = sizes.reduce((sum, each) => sum + each.images, 0);
    const duration = (count: number, ms: number): Duration => ({ count, ns: Math.round(ms * 1e6) });
    return {
      ...{ name: served.name, version: served.version, last_inference: last },
      ...{ inference_count: images, execution_count: batching.batches },
      inference_stats: {
        ...{ success, fail },
        queue: duration(images, images * batching.meanQueueDelayMs),
        compute_input: duration(images, images * batching.meanPreparationMs),
        compute_infer: duration(
          batching.batches,
          sizes.reduce((sum, { runMs }) => sum + runMs, 0),
        ),
        ...{ compute_output: never, cache_hit: never, cache_miss: never },
      },
      batch_stats: sizes.map(({ size, images: ran, runMs }) => ({
        ...{ batch_size: size, compute_input: never, compute_output: never },
        compute_infer: duration(ran / size, runMs),
      })),
      memory_usage: [],
    };
  }
}

function keyOf({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}/${version}`;
}
