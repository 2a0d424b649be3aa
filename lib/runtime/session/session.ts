/** Running a graph: variables with values, compiled programs, runs. */
import type { CheckpointReader, RestorePlan, WriteResult } from '../../checkpoint/index.js';
import { type DataOf, type DType, describe, type TypedArray } from '../../core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../core/graph.js';
import type { ComputePrecision } from '../../core/precision.js';
import { ArgumentError } from '../../errors.js';
import type { Addon, NativeStore } from '../../native/addon.js';
import { loadAddon } from '../../native/binding.js';
import type { CalibrateOptions, Calibration } from '../precision/calibration.js';
import type { PrecisionReport } from '../precision/precision_report.js';
import { summarizeKernels } from '../programs/kernels.js';
import { SessionPrograms } from '../programs/session_programs.js';
import { SessionCheckpoints } from '../variables/session_checkpoints.js';
import { SessionVariables } from '../variables/session_variables.js';
import type { Feeds } from './feeds.js';
import { SessionLifetime } from './lifetime.js';
import { Runs } from './runs.js';
import { type SessionSettings, settingsOf } from './settings.js';
import type {
  CompileOptions,
  GpuOptions,
  InitializeOptions,
  ProgramReport,
  RunOptions,
  SaveOptions,
  SessionOptions,
  SessionRestoreOptions,
  SessionStats,
  TensorValue,
  WarmupOptions,
} from './types.js';

export type * from './types.js';

/**
 * A graph with values. Runs are computed on threads of slimnet's own; `run` may be called again before earlier runs have ended.
 * They begin in the order of the calls: in mode `latency` one after the other, in the other modes also at the same time, so that
 * a later one may end first. Runs with updates come one after the other. Other runs do not wait for them: they see the values that the
 * variables have when they begin. Await a run with updates to see what it has made.
 *
 * `initialize` and `restore` exclude runs: a run that is called while one of them is at work waits for its end. `save` writes the
 * values that the variables have when it is called, while runs go on; with `variableUpdates: 'inPlace'` it excludes runs as well.
 */
export class Session {
  readonly graph: Graph;
  readonly device: string;
  /** What the session computes with; what `auto` came to. */
  readonly precision: ComputePrecision;
  /** What was asked of a GPU. */
  readonly gpu: GpuOptions | undefined;
  /** Why it is that precision, and what it costs where that was measured. */
  readonly precisionReport: PrecisionReport;
  readonly #settings: SessionSettings;
  readonly #addon: Addon;
  readonly #store: NativeStore;
  readonly #variables: SessionVariables;
  readonly #checkpoints: SessionCheckpoints;
  readonly #programs: SessionPrograms;
  readonly #runs: Runs;
  readonly #lifetime = new SessionLifetime();

  private constructor(graph: Graph, settings: SessionSettings, addon: Addon) {
    const { device, backend, precision, threads, mode, queueLimit, programLimit, packedCache, gpu, updatesInPlace } =
      settings;
    const { sharedWeights } = settings;
    this.graph = graph;
    this.device = device;
    this.precision = precision.precision;
    this.precisionReport = settings.precisionReport;
    this.gpu = settings.gpuOptions;
    this.#settings = settings;
    this.#addon = addon;
    this.#store = addon.createStore({
      backend,
      threads,
      mode,
      queueLimit,
      ...(packedCache === undefined ? {} : { packedCache }),
      ...(sharedWeights === undefined ? {} : { sharedWeights }),
      ...(gpu === undefined ? {} : { gpu }),
    });
    const lifetime = this.#lifetime;
    const variables = new SessionVariables(graph, addon, this.#store);
    const programs = new SessionPrograms(graph, addon, this.#store, settings);
    this.#variables = variables;
    this.#programs = programs;
    this.#runs = new Runs({ graph, lifetime, variables, programs, queueLimit, programLimit, updatesInPlace });
    const hashed = packedCache !== undefined || sharedWeights !== undefined;
    this.#checkpoints = new SessionCheckpoints({ lifetime, variables, crc32c: addon.crc32c, hashed, updatesInPlace });
  }

  /**
   * A session for `graph`. Its variables have no values yet: call `restore` or `initialize`.
   * @throws BackendError when device or precision are not available; ArgumentError for wrong options
   */
  static async create(graph: Graph, options: SessionOptions = {}): Promise<Session> {
    if (!(graph instanceof Graph))
      throw new ArgumentError(`Session.create: expected a Graph, received ${describe(graph)}.`);
    const settings = settingsOf(options);
    const session = new Session(graph, settings, loadAddon());
    session.#variables.declare();
    return session;
  }

  /**
   * Computes `fetches` from `feeds`. The feeds are copied before this returns, unless they are borrowed: the caller may change them at once.
   * @returns the results under the names of the fetches, in arrays of their own
   * @throws ArgumentError, ShapeError for wrong feeds; ExecutionError for variables without values, a full queue
   * (ERR_QUEUE_FULL), a disposed session (ERR_DISPOSED); the signal's reason when aborted
   */
  run<const K extends string>(
    feeds: Feeds,
    fetches: Readonly<Record<K, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<K, TensorValue>> {
    return this.#lifetime.track(this.#runs.run(feeds, fetches, options));
  }

  /**
   * Runs feeds like those that the graph will see, in float32, and notes the range of every value: what a session of precision
   * int8 needs. A hundred to some hundred typical images are enough.
   * @param batches one run each
   * @throws ExecutionError when there are none, or when a value is NaN or infinite; else like `run`
   */
  async calibrate(
    fetches: Readonly<Record<string, Tensor>>,
    batches: Iterable<Feeds> | AsyncIterable<Feeds>,
    options: CalibrateOptions = {},
  ): Promise<Calibration> {
    return this.#runs.calibrate(fetches, batches, options);
  }

  /**
   * Makes the first run as fast as later ones, for each of the given shapes: compiles the fetches, packs the weights, and runs
   * them once on zeros. Changes no variable. It counts among the runs. Where the graph has no global step, that
   * also counts for what `dropout` draws next.
   * @throws ArgumentError for fetches that would change variables, and for more shapes than the session keeps programs;
   * otherwise like `run`
   */
  warmup(fetches: Readonly<Record<string, Tensor>>, options: WarmupOptions = {}): Promise<void> {
    return this.#lifetime.track(this.#runs.warmup(fetches, options));
  }

  /**
   * Zeros in memory that `run` with `borrowed` need not copy: for batches of megabytes, whose copy would keep the event loop. Small ones
   * come from JavaScript's own memory, and are copied.
   * @throws ArgumentError, ShapeError; ExecutionError (ERR_MEMORY)
   */
  allocateFeed<D extends DType>(dtype: D, shape: readonly number[]): DataOf<D> {
    this.#lifetime.assertOpen();
    return this.#addon.allocate(dtype, shape) as DataOf<D>;
  }

  /** Gives variables their initial values, drawn from the graph's seed. */
  async initialize(options: InitializeOptions = {}): Promise<void> {
    return this.#checkpoints.initialize(options);
  }

  /**
   * Reads the variables' values from a checkpoint: TensorFlow V1 or V2, safetensors, or a folder with checkpoints. Local
   * variables, and others that are not in `variables`, stay as they are. Before anything is changed all names, shapes and dtypes
   * are matched. When a damaged tensor or an abort ends a restore halfway, the variables that were to be restored count as having
   * no value, and runs that need them say so.
   * @param checkpoint its path, or an open one, which stays open
   * @returns what was restored, and what the checkpoint holds besides
   * @throws CheckpointError that names every variable which does not fit, with the way out
   */
  async restore(
    checkpoint: string | CheckpointReader,
    options: SessionRestoreOptions = {},
  ): Promise<RestorePlan<Variable>> {
    return this.#checkpoints.restore(checkpoint, options);
  }

  /**
   * Writes all variables but the local ones to a checkpoint, atomically. The format is TensorFlow V2, or safetensors where the
   * path ends so.
   * @throws ExecutionError when a variable has no value; CheckpointError when the system refuses
   */
  async save(path: string, options: SaveOptions = {}): Promise<WriteResult> {
    return this.#checkpoints.save(path, options);
  }

  /** A copy of a variable's values. @throws ExecutionError when it has none */
  read(variable: Variable | string): TypedArray {
    this.#lifetime.assertOpen();
    const found = this.#variables.find(variable, 'read');
    this.#variables.assertInitialized([found], 'read');
    return this.#variables.read(found.name);
  }

  /**
   * Sets a variable. Runs that were called before and have begun go on with the old values.
   * @throws ArgumentError, ShapeError when the values do not fit
   */
  write(variable: Variable | string, values: TypedArray): void {
    this.#lifetime.assertOpen();
    this.#variables.write(this.#variables.find(variable, 'write'), values);
  }

  /**
   * Gives variables the values that variables of another session have at one moment, while that session goes on. Runs that are called
   * meanwhile wait.
   * @param values what each variable gets
   * @throws ArgumentError, ShapeError for what does not fit; ExecutionError where a value is missing
   */
  async assignFrom(source: Session, values: ReadonlyMap<Variable, Variable>): Promise<void> {
    source.#lifetime.assertOpen();
    const read = [...values.values()].map((variable) => source.#variables.find(variable, 'assignFrom'));
    source.#variables.assertInitialized(read, 'assignFrom');
    const snapshot = source.#variables.snapshot(read);
    try {
      await this.#checkpoints.assign([...values.keys()], snapshot);
    } finally {
      snapshot.dispose();
    }
  }

  /** Compiles what `run` would run, and says how it is computed: in which precision, and by which kernels. */
  async report(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<ProgramReport> {
    return this.#runs.compiled('report', fetches, options, (native) => {
      const steps = native.steps();
      return { precision: this.precision, steps, ...summarizeKernels([steps]), ...native.stats() };
    });
  }

  /** The optimized plan of what `run` would run, as text (docs/plan_format.md). */
  async plan(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<string> {
    return this.#runs.compiled('plan', fetches, options, (native) => native.plan());
  }

  stats(): SessionStats {
    this.#lifetime.assertNotDisposed();
    const {
      bytes,
      packedBytes,
      spareBytes,
      inputBytes,
      arenaBytes,
      freeBytes,
      waiting,
      threads,
      mode,
      executors,
      packedCache,
      sharedWeights,
    } = this.#store.stats();
    const settings = this.#settings;
    return {
      device: this.device,
      precision: this.precision,
      precisionReport: this.precisionReport,
      threads,
      mode,
      executors,
      bytes: {
        variables: bytes,
        packed: packedBytes,
        spare: spareBytes,
        inputs: inputBytes,
        arena: arenaBytes,
        ...(freeBytes === undefined ? {} : { free: freeBytes }),
      },
      ...(packedCache === undefined || settings.packedCache === undefined
        ? {}
        : { packedCache: { folder: settings.packedCache.folder, ...packedCache } }),
      ...(sharedWeights === undefined || settings.sharedWeights === undefined
        ? {}
        : { sharedWeights: { folder: settings.sharedWeights, ...sharedWeights } }),
      variables: this.#variables.size,
      programs: this.#programs.size,
      ...this.#programs.kernels(),
      runs: this.#runs.ended,
      pending: this.#lifetime.cancellable,
      waiting,
    };
  }

  /** Ends the session: pending runs are rejected with ERR_DISPOSED, memory is freed. May be called again. */
  dispose(): void {
    if (!this.#lifetime.dispose()) return;
    this.#programs.clear();
    this.#store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Takes no more calls, waits for what is pending, then disposes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lifetime.close();
    this.dispose();
  }
}
