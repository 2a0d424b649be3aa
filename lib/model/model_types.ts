/** What models take and give. */

import type { ImageLoaderOptions } from '../data/image_loader.js';
import type { ImageSource } from '../data/image_source.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { SessionStats } from '../runtime/session/types.js';
import type { BatcherStats } from './batcher_types.js';
import type { Batching } from './batching.js';
import type { ModelOutput } from './network_graph.js';
import type { WeightsReport } from './weights/weights_report.js';

/** Lets a call end early. */
export interface AbortOptions {
  /** The call is rejected with its reason. Other calls in the same batch go on. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of one call. */
export interface PredictOptions extends AbortOptions {
  /**
   * Ends the call with ERR_ABORTED when it has waited and run for so many milliseconds. Images that still wait are dropped
   * and never run. As in `batching.timeoutMs` unless told.
   */
  readonly timeoutMs?: number | undefined;
}

export interface ClassifyOptions extends PredictOptions {
  /** How many classes, most probable first; 5 unless told. */
  readonly topK?: number;
}

/** Options of `stream`. */
export interface StreamOptions extends AbortOptions {
  /** Told of images that cannot be read, which are left out. Without it the first of them ends the stream with its error. */
  readonly onFailure?: (source: ImageSource, error: unknown) => void;
}

/** Options of `warmup`. */
export interface WarmupModelOptions extends AbortOptions {
  /** Sizes of batches; all that occur unless told: powers of two, and `batching.maxBatchSize`. */
  readonly batchSizes?: readonly number[];
  /** What will be asked for; all three outputs unless told. `classify` needs `predictions`, `embed` `features`. */
  readonly outputs?: readonly ModelOutput[];
}

/** An image with its result. */
export interface Outcome<T, R> {
  readonly item: T;
  readonly result: R;
}

/** Counters of a model: those of its session, and those of its batches. */
export interface ModelStats extends SessionStats {
  readonly batching: BatcherStats;
}

/** @internal What `loadModel` gives a model besides its network and session. */
export interface ModelParts {
  readonly labels: readonly string[] | null;
  readonly numClasses: number;
  readonly preprocessing: PreprocessingSpec;
  readonly batching: Batching;
  readonly images: ImageLoaderOptions;
  readonly weights: WeightsReport | null;
}
