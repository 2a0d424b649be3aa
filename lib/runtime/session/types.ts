/** What sessions take and give. */
import type { CheckpointEntry, RestoreOptions, WriteOptions } from '../../checkpoint/index.js';
import type { DType, TypedArray } from '../../core/dtype.js';
import type { Tensor, Variable } from '../../core/graph.js';
import type { ComputePrecision, Precision } from '../../core/precision.js';
import type { ExecutionMode, ExecutorStats, NativeStep } from '../../native/addon.js';
import type { Calibration } from '../precision/calibration.js';
import type { PrecisionReport } from '../precision/precision_report.js';
import type { KernelSummary } from '../programs/kernels.js';
import type { PackedCacheChoice, PackedCacheStats } from '../programs/packed_cache.js';
import type { SharedWeightsChoice, SharedWeightsStats } from '../programs/shared_weights.js';
import type { GpuOptions } from './gpu_options.js';

export type { ExecutionMode, ExecutorStats } from '../../native/addon.js';
export type { AutotuneOptions, GpuOptions } from './gpu_options.js';

/** A result: row-major values with their type. */
export interface TensorValue<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Where runs put new values of variables. */
export type VariableUpdates = 'buffered' | 'inPlace';

/** How a session computes. */
export interface SessionOptions {
  /** `cpu` (default), `reference` (slow and obvious) or `null` (computes nothing); see `devices()`. */
  device?: string;
  /** Default `float32`. `auto` is what computes fastest on the device (docs/precision.md). */
  precision?: Precision;
  /** Ranges of all values, for int8, and what precisions cost: what `calibrate` gave, or a file of `slimnet quantize`. */
  calibration?: Calibration;
  /**
   * Share of images that must be given the same class as by float32 for `auto` to take a low precision, 0 to 1; 0.95 unless told. What
   * int8 costs has to have been measured (`slimnet quantize`, or `costs` of the calibration); 0 takes it unmeasured.
   */
  minAgreement?: number;
  /** Nodes and scopes that stay in float32 whatever the precision, such as `resnet_v1_50/logits`. */
  keepFloat32?: readonly string[];
  /** Threads that compute. Default: the cores that this process may use. */
  threads?: number;
  /**
   * How runs use the threads (docs/modes.md). `latency` (default): all on one run, one run after the other. `throughput`: one
   * thread on each run, `threads` runs at the same time. `auto`: as `latency`, and as `throughput` where at least `threads` runs wait.
   */
  mode?: ExecutionMode;
  /** Runs that may wait at a time; more are refused with ERR_QUEUE_FULL. Default 1024. */
  queueLimit?: number;
  /** Compiled programs that are kept, one for each set of fetches and input shapes. Default 16. */
  programLimit?: number;
  /**
   * Where runs put new values of variables. `buffered` (default): into a second block of memory for each variable that they change; all
   * of them become the variables' values at once when the run has ended well, and meanwhile reads and other runs go on with the old
   * ones. `inPlace`: over the old values, at the end of the run, where memory for a second copy is not to be had; no other run of the
   * session is at work meanwhile, and a run that fails in the middle of that leaves the variables without a value until the next restore.
   */
  variableUpdates?: VariableUpdates;
  /**
   * Keeps the weights of a restored checkpoint on disk as the kernels want them, so that the next process starts faster
   * (docs/packed_weights.md). `auto`: where that is so, which is not with float32. Default false; that of `loadModel` is `auto`.
   */
  packedCache?: PackedCacheChoice;
  /**
   * Has the weights of a restored checkpoint, and what was packed out of them, in memory once for all processes that share them
   * (docs/shared_weights.md). Default false.
   */
  sharedWeights?: SharedWeightsChoice;
  /** What is asked of a GPU; refused on other devices. */
  gpu?: GpuOptions;
}

/** One run. */
export interface RunOptions {
  /** Ends the run between two layers; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Ends the run when it has waited and run for longer than this. */
  timeoutMs?: number;
  /** Updates to run as well, such as `graph.getCollection('update_ops')` or the `update` of a metric. */
  updates?: readonly Tensor[];
  /** Measures each step; `report` then has the times. */
  profile?: boolean;
  /**
   * Feeds in memory of slimnet's own (`allocateFeed`, results of runs, preprocessed images) are read where they are instead of being
   * copied by the call: they must not be written to before the promise is settled. Other feeds are copied as ever. Default false.
   */
  borrowed?: boolean;
}

/** What to compile for `report` and `plan`. */
export interface CompileOptions {
  /** Shapes of placeholders with unknown dimensions. */
  shapes?: Readonly<Record<string, readonly number[]>>;
  updates?: readonly Tensor[];
}

/** What to make ready with `warmup`. */
export interface WarmupOptions {
  /** Shapes of placeholders with unknown dimensions; a list makes the fetches ready for each of them. */
  shapes?: Readonly<Record<string, readonly number[]>> | readonly Readonly<Record<string, readonly number[]>>[];
  /** Ends the work between two layers; the promise is rejected with the signal's reason. */
  signal?: AbortSignal;
}

/** A compiled program. */
export interface ProgramReport extends KernelSummary {
  readonly precision: ComputePrecision;
  readonly steps: readonly NativeStep[];
  /** Working memory that the program needs. */
  readonly arenaBytes: number;
  /** Packed weights and other constants of the program; shared ones count in each. */
  readonly constantBytes: number;
  /** Second memory of the variables that a run changes; shared by the programs that change them. */
  readonly spareBytes: number;
  /** Recordings of the program's steps that are kept (CUDA graphs, docs/gpu.md): one for each place that its variables have in turn. 0 on other devices. */
  readonly recordings: number;
  /** Steps that are recorded. */
  readonly recordedSteps: number;
  /** Why others are not, one reason a line; '' where there is none. */
  readonly unrecorded: string;
  readonly runs: number;
}

/** Bytes and counters of a session; kernels and defects are those of the compiled programs in the cache. */
export interface SessionStats extends KernelSummary {
  readonly device: string;
  readonly precision: ComputePrecision;
  readonly precisionReport: PrecisionReport;
  readonly threads: number;
  readonly mode: ExecutionMode;
  /** What computes the runs. With mode `auto` there are two kinds, which are never at work at the same time. */
  readonly executors: readonly ExecutorStats[];
  readonly bytes: {
    /** Values of the variables. */
    readonly variables: number;
    /** What was made out of them for the kernels. */
    readonly packed: number;
    /** Second memory of those that runs change. */
    readonly spare: number;
    /** Room in which the inputs of runs are put together, shared by the programs of the session. */
    readonly inputs: number;
    /** Working memory, shared by the sessions of one device and thread count. */
    readonly arena: number;
    /** What a device with memory of its own could still give; others do not say. */
    readonly free?: number;
  };
  /** Packed weights on disk, where the session keeps them. */
  readonly packedCache?: PackedCacheStats;
  /** Weights that other processes have as well, where the session shares them. */
  readonly sharedWeights?: SharedWeightsStats;
  readonly variables: number;
  /** Compiled programs in the cache. */
  readonly programs: number;
  /** Runs that ended well. */
  readonly runs: number;
  /** Runs that were called and have not ended. */
  readonly pending: number;
  /** Those of them that wait for the device. */
  readonly waiting: number;
}

/** `initialize`: which variables. */
export interface InitializeOptions {
  /** Leaves variables alone that have a value. Default false. */
  onlyUninitialized?: boolean;
  /** Only these, e.g. `slim.getLocalVariables()` to count anew. Default: all. */
  variables?: readonly (Variable | string)[];
}

/** `restore`: how to match, and when to stop. */
export interface SessionRestoreOptions extends RestoreOptions {
  signal?: AbortSignal;
  /** Only these. Default: all but the local ones. */
  variables?: readonly (Variable | string)[];
}

/** `save`: format and what else the writer takes. */
export interface SaveOptions extends Omit<WriteOptions, 'crc32c'> {
  /** Only these. Default: all but the local ones. */
  variables?: readonly (Variable | string)[];
  /** Tensors that the checkpoint holds besides: whoever restores variables passes them over. Default: none. */
  tensors?: readonly CheckpointEntry[];
}
