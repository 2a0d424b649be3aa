import type { DType, TypedArray } from '../core/dtype.js';
import type { Draw } from '../core/graph.js';

/** What the native addon exports. Only strings, small numbers and typed arrays cross; docs/architecture.md describes the seam. */
export interface Addon {
  /** Version of the package that the addon was built from; must equal package.json's. */
  readonly version: string;
  /** Hands native code the factory of the errors that it throws. Called once for each environment, before anything else. */
  initialize(makeError: (code: string, message: string, op: string, node: string) => Error): void;
  /** Ends all threads of this environment; what still waits or runs is dropped, and its promises stay pending. */
  shutdown(): void;
  /** The names of all backends. Opens no library. */
  backendNames(): string[];
  /** All backends, or those of one name: one for each of its devices (`cudnn`, `cudnn:1`), or one that says why there is none. */
  backends(name?: string): NativeBackend[];
  diagnostics(): NativeDiagnostics;
  /** Parses and verifies a plan, applies passes (all of the pipeline when `passes` is left out) and prints the result. */
  transform(plan: string, options: { backend: string; threads?: number; passes?: readonly string[] }): string;
  /**
   * Memory for the variables of sessions on one backend. `threads` 0: as many as there are cores. `mode`: how runs use them,
   * default latency. `queueLimit`: runs and compilations that may wait at a time, default 1024.
   */
  createStore(options: {
    readonly backend: string;
    readonly threads: number;
    readonly mode?: ExecutionMode;
    readonly queueLimit?: number;
    /** Where packed constants are kept; bytes. */
    readonly packedCache?: { readonly folder: string; readonly limit: number };
    /** The folder through which weights are shared. */
    readonly sharedWeights?: string;
    /** Only of backends that take them. */
    readonly gpu?: NativeGpuOptions;
  }): NativeStore;
  /** Compiles on all threads of the store's executor, when nothing else is at work there. */
  compile(plan: string, store: NativeStore): Promise<NativeProgram>;
  /**
   * Fills variables of the store from open files, on all threads of its executor. Ends at the first problem; `filled` says how many
   * variables are new then.
   */
  fill(store: NativeStore, fills: readonly NativeFill[]): Promise<NativeFillResult>;
  /** Hashes values that are here to stay: what is made of them is then looked for on disk, and put there. */
  hashContents(store: NativeStore, names: readonly string[]): Promise<void>;
  /**
   * Holds the values that variables have at this moment, whatever runs make of them later (but for runs that update in place). Takes no
   * time and no memory.
   */
  snapshot(store: NativeStore, names: readonly string[]): NativeSnapshot;
  /** Zeros; where they are many, in memory of the addon's own. */
  allocate(dtype: DType, shape: readonly number[]): TypedArray;
  /**
   * As `allocate`, but with whatever the memory holds, and V8 is not told of it where it is much: for what is filled at once, and given back by
   * `release` when it has served its purpose.
   */
  hold(dtype: DType, shape: readonly number[]): TypedArray;
  /** Frees the memory of arrays now, those of shared buffers excepted: they have no elements afterwards. See lib/native/release.ts. */
  release(arrays: readonly ArrayBufferView[]): void;
  /** Fills variables of the store, float32 or float64, with drawn values, on all threads of its executor. */
  draw(store: NativeStore, draws: readonly NativeDraw[]): Promise<void>;
  /** CRC-32C (Castagnoli) of `bytes`, continued from `seed` (0 to begin). */
  crc32c(bytes: Uint8Array, seed?: number): number;
  /** Whether none of the values is NaN or infinite. Looked at on the thread that asks. */
  allFinite(values: Float32Array): boolean;
  /**
   * Locks an open file, given by its number, for as long as it is open: `taken` where another opening of it has the lock, in whichever process,
   * `unsupported` where the file system has no locks.
   */
  lockFile(file: number): 'locked' | 'taken' | 'unsupported';
  /**
   * Preprocesses decoded images, on a thread that no session computes with: float32 [images, height, width, 3]. The pixels are read
   * until the promise settles: nobody may change them or transfer their buffers before. `augmentations` has one for each image; without it they get
   * that of evaluation. @param held memory as that of `hold`
   */
  preprocess(
    spec: NativePreprocessing,
    images: readonly NativeImage[],
    augmentations?: readonly Augmentation[],
    held?: boolean,
  ): Promise<Float32Array>;
  /** Draws what is done in training to an image of this size. */
  drawAugmentation(
    spec: NativePreprocessing,
    size: { readonly height: number; readonly width: number },
    options: NativeDrawOptions,
  ): Augmentation;
}

/** What is left out is as the device does unless told; bytes. */
export interface NativeGpuOptions {
  readonly allowTf32?: boolean;
  readonly deterministic?: boolean;
  /** For one step; left out: implementations are not run to choose among them. */
  readonly autotuneSeconds?: number;
  readonly workspaceLimit?: number;
  readonly memoryLimit?: number;
  readonly graphs?: boolean;
}

export interface NativeDraw extends Draw {
  /** Name of the variable. */
  readonly name: string;
}

export interface NativePreprocessing {
  /** 'vgg' or another of native/data/preprocessing.cc. */
  readonly method: string;
  readonly height: number;
  readonly width: number;
  /** Smaller side after the resize, where it comes before the crop. */
  readonly resizeSide: number;
  readonly sizeRounding: 'rint' | 'truncate';
  /** Of both sides, 0.01 to 1, where the crop comes before the resize. */
  readonly cropFraction: number;
  /** 'bilinear' and others of native/addon/augmentation.cc: Pillow's or TensorFlow's, as the method has it. */
  readonly interpolation: string;
  /** Red, green, blue. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What is done to one image, before its values are brought to the network's range. */
export interface Augmentation {
  /** Smaller side of the resized image where the resize comes before the crop, else 0. */
  readonly resizeSide: number;
  /** Pixels that are kept: of the resized image then, else of the image itself, and resized afterwards. */
  readonly crop: { readonly top: number; readonly left: number; readonly height: number; readonly width: number };
  /** The first four are TensorFlow's. */
  readonly resizeMethod:
    | 'bilinear'
    | 'nearest'
    | 'bicubic'
    | 'area'
    | `pillow_${'bilinear' | 'nearest' | 'bicubic' | 'area' | 'hamming' | 'lanczos'}`;
  /** Left to right. */
  readonly flip: boolean;
  /** In this order: added, times the saturation, turns of the colour circle, times the distance from the channel's mean. */
  readonly colour: readonly {
    readonly op: 'brightness' | 'saturation' | 'hue' | 'contrast';
    readonly amount: number;
  }[];
}

export interface NativeDrawOptions {
  readonly seed: number;
  readonly index: number;
  readonly resizeSideMin: number;
  readonly resizeSideMax: number;
  readonly fastMode: boolean;
  readonly boxes: readonly (readonly [number, number, number, number])[];
  /** Bounds of one's own, instead of what is particular to the preprocessing. */
  readonly plain?: {
    readonly area: readonly [least: number, most: number];
    readonly aspect: readonly [least: number, most: number];
    readonly flip: boolean;
    readonly brightness: number;
    readonly contrast: number;
    readonly saturation: number;
    readonly hue: number;
  };
}

export interface NativeImage {
  /** `height * width * channels` bytes. */
  readonly data: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** 1 (grey) or 3 (RGB). */
  readonly channels: number;
}

export interface NativeBackend {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available; '' when it is. */
  readonly reason: string;
  readonly device: string;
  readonly hardware: string;
  readonly features: readonly string[];
  /** What it computes with lies in the host's memory, and not in one of the device's own. */
  readonly sharesHostMemory: boolean;
  /** Whether stores may have options of GPUs. */
  readonly takesGpuOptions: boolean;
  /** Products of bfloat16 numbers that its vectors make in the time of one of float32; 0 without such instructions. */
  readonly bfloat16Rate: number;
  /** By precision: why the backend cannot compute with it; '' where it can. */
  readonly refused: Readonly<Record<string, string>>;
  /** Ops that the backend leaves out. */
  readonly leftOut: readonly string[];
}

export interface NativeDiagnostics {
  readonly napiVersion: number;
  readonly compiler: string;
  readonly buildType: string;
  readonly onednn: string;
  /** Cores that this process may use: min(affinity mask, cgroup quota). */
  readonly cores: number;
  readonly cpu: string;
  readonly cpuFeatures: readonly string[];
  /** 'granted', 'available' (may be asked for), 'refused' or 'absent'. */
  readonly amx: string;
}

/** All values of a variable, as they stand in a file: little-endian, from byte `offset` on. */
export interface NativeFill {
  readonly name: string;
  /** Descriptor of an open file. */
  readonly file: number;
  readonly offset: number;
  /** CRC-32C of the bytes. */
  readonly checksum?: number;
}

export interface NativeFillResult {
  readonly filled: number;
  readonly problem?: {
    /** Which of the fills. */
    readonly index: number;
    /** Another checksum, the file's end, or what the system says (`errno`). */
    readonly kind: 'checksum' | 'end' | 'system';
    readonly computed: number;
    /** Byte of the file. */
    readonly at: number;
    readonly errno: number;
  };
}

export interface NativeVariable {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface NativeStore {
  /** Makes a variable, zeroed. The same name again must have the same type. */
  declare(name: string, dtype: DType, shape: readonly number[]): void;
  /** Copies row-major data into a variable, or into part of it from element `offset` on. */
  write(name: string, data: TypedArray, offset?: number): void;
  /** A copy of a variable's data. */
  read(name: string): TypedArray;
  variables(): NativeVariable[];
  stats(): NativeStoreStats;
  /** Programs that were compiled for the store go on working. */
  dispose(): void;
}

export interface NativeSnapshot {
  /** A copy of the values of the variable with this number among the names; large ones are copied on a thread of libuv's. */
  read(index: number): TypedArray | Promise<TypedArray>;
  dispose(): void;
}

export interface NativeStoreStats {
  /** Values of the variables; memory is taken when a variable is first written or read by a run. */
  readonly bytes: number;
  /** Constants that programs made out of them. */
  readonly packedBytes: number;
  /** Second memory of the variables that programs change. */
  readonly spareBytes: number;
  /** Room in which the inputs of runs are put together. */
  readonly inputBytes: number;
  readonly variables: number;
  /** Working memory of the executor, shared by the stores of one backend and thread count. */
  readonly arenaBytes: number;
  /** What the device could still give; where that is known, which is of devices with memory of their own. */
  readonly freeBytes?: number;
  /** Runs and compilations of this store that wait. */
  readonly waiting: number;
  readonly threads: number;
  readonly mode: ExecutionMode;
  readonly executors: readonly ExecutorStats[];
  /** Of all stores with this folder and limit; where the store has one. */
  readonly packedCache?: {
    readonly found: number;
    readonly missing: number;
    readonly saved: number;
    readonly problem: string;
  };
  /** Of all stores with this folder; where the store has one. */
  readonly sharedWeights?: { readonly blocks: number; readonly bytes: number; readonly problem: string };
}

/** How the runs of a session use its threads. */
export type ExecutionMode = 'latency' | 'throughput' | 'auto';

/** Executors of one kind. */
export interface ExecutorStats {
  /** So many runs can be at work at the same time. */
  readonly count: number;
  /** Threads of each. */
  readonly threads: number;
  /** Runs of the session that ended well here. */
  readonly runs: number;
}

export interface NativeStep {
  readonly op: string;
  readonly node: string;
  readonly implementation: string;
  readonly output: string;
  readonly postOps: readonly string[];
  readonly scratchBytes: number;
  /** Nanoseconds of the last profiled run; 0 when profiling is off. */
  readonly nanoseconds: number;
}

/** What a program saw of one value. */
export interface NativeRange {
  /** Name of the node that makes it. */
  readonly name: string;
  readonly smallest: number;
  readonly largest: number;
  /** How many values were NaN or infinite. They count in nothing else. */
  readonly notFinite: number;
  /** Magnitudes from 0 to here are counted; 0 when nothing else was seen. */
  readonly limit: number;
  /** Counts of magnitudes in 2048 bins of one width. */
  readonly counts: Float64Array;
}

export interface NativeProgram {
  /**
   * Queues a run. Inputs (an array, or several that follow one another) are copied before the call returns, throwing ERR_ARGUMENT when they do not fit. `id` serves `cancel`.
   * With `borrowed`, those in memory of the addon's own are read later, from there.
   * Rejects with ERR_ABORTED when cancelled, with ERR_QUEUE_FULL when too many runs wait.
   */
  run(
    inputs: readonly (TypedArray | readonly TypedArray[])[],
    options: { readonly id: number; readonly profile?: boolean; readonly borrowed?: boolean },
  ): Promise<TypedArray[]>;
  /** Cancels a run that waits or runs; a run that has ended is left alone. */
  cancel(id: number): void;
  /** The optimized plan as text. */
  plan(): string;
  /** The values that results and inputs took in all runs, for a plan that says `observe`. */
  ranges(): NativeRange[];
  steps(): NativeStep[];
  stats(): {
    readonly arenaBytes: number;
    readonly constantBytes: number;
    /** Second memory of the variables that a run changes. */
    readonly spareBytes: number;
    /** Where the device records: how many recordings there are, of how many steps; and what is not recorded, one reason a line. */
    readonly recordings: number;
    readonly recordedSteps: number;
    readonly unrecorded: string;
    readonly runs: number;
  };
  dispose(): void;
}
