/** What models take and give. */

import type { ImageLoaderOptions } from '../data/image_loader.js';
import type { ImageSource } from '../data/image_source.js';
import type { PreprocessedImage } from '../data/preprocessed.js';
import type { PreprocessingSpec } from '../data/preprocessing.js';
import type { SessionStats } from '../runtime/session/types.js';
import type { BatcherStats } from './batcher/batcher_types.js';
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
  /**
   * The place in the queue: of all that waits, what has a lower number goes first; 1 is the lowest number, and `defaultPriority`, 100,
   * that of calls without one. In a full queue a call displaces those that are less urgent and have not begun (ERR_QUEUE_FULL).
   */
  readonly priority?: number | undefined;
}

/** What a model takes as an image. */
export type ModelInput = ImageSource | PreprocessedImage;

/** Options of `infer`. */
export interface InferOptions extends PredictOptions {
  /** What to compute; all outputs that there are unless told. */
  readonly outputs?: readonly ModelOutput[];
  /**
   * Images that are preprocessed are not copied: their arrays stay as they are until the call has settled. In memory of slimnet's own
   * (`model.session.allocateFeed`) a run reads them where they are.
   */
  readonly borrowed?: boolean;
}

/** Rows of an image by output, those that were asked for. */
export type OutputRows = Readonly<Partial<Record<ModelOutput, Float32Array>>>;

export interface ClassifyOptions extends PredictOptions {
  /** How many classes, most probable first; 5 unless told. */
  readonly topK?: number;
}

/** Options of `stream`. */
export interface StreamOptions<T extends ModelInput = ImageSource> extends AbortOptions {
  /** Told of images that cannot be read, which are left out. Without it the first of them ends the stream with its error. */
  readonly onFailure?: (source: T, error: unknown) => void;
}

/** Options of `warmup`. */
export interface WarmupModelOptions extends AbortOptions {
  /** Sizes of batches; all that occur unless told: powers of two, and `batching.maxBatchSize`. */
  readonly batchSizes?: readonly number[];
  /**
   * What will be asked for; all three outputs unless told. `classify` needs `predictions`, `embed` `features`; a list in the list
   * stands for a call of `infer` for several.
   */
  readonly outputs?: readonly (ModelOutput | readonly ModelOutput[])[];
}

/** A step of a compiled network, and what it took. */
export interface StepTime {
  readonly op: string;
  /** Name of the node, such as `resnet_v1_50/conv1/Conv2D`. */
  readonly node: string;
  /** The kernel that computes it. */
  readonly implementation: string;
  readonly milliseconds: number;
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
