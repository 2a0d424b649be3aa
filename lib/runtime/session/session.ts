/** Running a graph: variables with values, compiled programs, runs. */
import type { RestorePlan, WriteResult } from '../../checkpoint/index.js';
import { type DataOf, type DType, describe, type TypedArray } from '../../core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../core/graph.js';
import { checkInteger, checkOptions, checkSignal } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import type { Addon, NativeProgram, NativeStore } from '../../native/addon.js';
import { loadAddon } from '../../native/binding.js';
import { updatesOf } from '../../plan/encode.js';
import {
  type CalibrateOptions,
  type Calibration,
  calibrationOf,
  checkCalibrateOptions,
} from '../precision/calibration.js';
import type { ComputePrecision } from '../precision/device.js';
import type { PrecisionReport } from '../precision/precision_report.js';
import type { Computation } from '../programs/computation.js';
import { summarizeKernels } from '../programs/kernels.js';
import type { Program } from '../programs/program.js';
import { type InputShapes, SessionPrograms } from '../programs/session_programs.js';
import { restoreVariables, saveVariables } from '../variables/checkpointing.js';
import { SessionVariables } from '../variables/session_variables.js';
import { checkFeeds, checkShapes, type Feeds, type Input, zeros } from './feeds.js';
import { SessionLifetime } from './lifetime.js';
import { copied, RunQueue, type SendOptions } from './run_queue.js';
import { type SessionSettings, settingsOf } from './settings.js';
import type {
  CompileOptions,
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

const runOptions = ['signal', 'timeoutMs', 'updates', 'profile', 'borrowed'];
const compileOptions = ['shapes', 'updates'];
const warmupOptions = ['shapes', 'signal'];
const restoreOptions = ['signal', 'variables', 'ignoreMissing', 'includeScopes', 'excludeScopes', 'nameMap', 'reshape'];
const saveOptions = ['format', 'signal', 'metadata', 'variables'];

/** Options of `run` that were checked. */
interface ComputeOptions extends SendOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Programs that note the ranges of values run instead of the usual ones, and are added here. */
  readonly observers?: Set<Program> | undefined;
}

/**
 * A graph with values. Runs are computed on threads of slimnet's own; `run` may be called again before earlier runs have ended.
 * They begin in the order of the calls: in mode `latency` one after the other, in the other modes also at the same time, so that
 * a later one may end first. A run with updates is never at work beside another run of the session.
 *
 * `initialize`, `restore` and `save` exclude runs: a run that is called while one of them is at work waits for its end.
 */
export class Session {
  readonly graph: Graph;
  readonly device: string;
  /** What the session computes with; what `auto` came to. */
  readonly precision: ComputePrecision;
  /** Why it is that precision, and what it costs where that was measured. */
  readonly precisionReport: PrecisionReport;
  readonly #settings: SessionSettings;
  readonly #addon: Addon;
  readonly #store: NativeStore;
  readonly #variables: SessionVariables;
  readonly #programs: SessionPrograms;
  readonly #queue: RunQueue;
  readonly #lifetime = new SessionLifetime();
  #runs = 0;

  private constructor(graph: Graph, settings: SessionSettings, addon: Addon) {
    const { device, backend, precision, threads, mode, queueLimit, programLimit, packedCache } = settings;
    this.graph = graph;
    this.device = device;
    this.precision = precision.precision;
    this.precisionReport = settings.precisionReport;
    this.#settings = settings;
    this.#addon = addon;
    this.#store = addon.createStore({
      backend,
      threads,
      mode,
      queueLimit,
      ...(packedCache === undefined ? {} : { packedCache }),
    });
    this.#variables = new SessionVariables(graph, addon, this.#store);
    this.#programs = new SessionPrograms(graph, addon, this.#store, precision, programLimit);
    this.#queue = new RunQueue(queueLimit, (variables) => this.#variables.assertInitialized(variables, 'run'));
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
    return this.#lifetime.track(this.#run(feeds, fetches, options));
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
    const checked = checkCalibrateOptions(options);
    const { signal } = options;
    const observers = new Set<Program>();
    let runs = 0;
    try {
      for await (const feeds of batches) {
        signal?.throwIfAborted();
        await this.#lifetime.track(this.#run(feeds, fetches, signal === undefined ? {} : { signal }, observers));
        runs++;
      }
      const ranges = [...observers].map((program) => program.native?.ranges() ?? []);
      return calibrationOf(ranges, runs, checked);
    } finally {
      for (const program of observers) program.dispose();
    }
  }

  /**
   * Makes the first run as fast as later ones, for each of the given shapes: compiles the fetches, packs the weights, and runs
   * them once on zeros. Changes no variable. It counts among the runs, also among those that `dropout` counts.
   * @throws ArgumentError for fetches that would change variables, and for more shapes than the session keeps programs;
   * otherwise like `run`
   */
  warmup(fetches: Readonly<Record<string, Tensor>>, options: WarmupOptions = {}): Promise<void> {
    return this.#lifetime.track(this.#warmup(fetches, options));
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
    checkOptions('initialize', options, ['onlyUninitialized', 'variables']);
    await this.#exclusively(async () => {
      const { variables, onlyUninitialized = false } = options;
      const chosen = variables === undefined ? undefined : this.#variables.findAll(variables, 'initialize');
      await this.#variables.initialize(chosen, onlyUninitialized, () => this.#lifetime.assertNotDisposed());
    });
  }

  /**
   * Reads the variables' values from a checkpoint: TensorFlow V1 or V2, safetensors, or a folder with checkpoints. Local
   * variables, and others that are not in `variables`, stay as they are. Before anything is changed all names, shapes and dtypes
   * are matched. When a damaged tensor or an abort ends a restore halfway, the variables that were to be restored count as having
   * no value, and runs that need them say so.
   * @returns what was restored, and what the checkpoint holds besides
   * @throws CheckpointError that names every variable which does not fit, with the way out
   */
  async restore(path: string, options: SessionRestoreOptions = {}): Promise<RestorePlan<Variable>> {
    checkOptions('restore', options, restoreOptions);
    const { signal, variables, ...matching } = options;
    checkSignal('restore', signal);
    signal?.throwIfAborted();
    return this.#exclusively(() =>
      restoreVariables(
        path,
        this.#variables.saved(variables, 'restore'),
        { ...matching, signal },
        {
          crc32c: this.#addon.crc32c,
          write: (variable, values) => {
            this.#lifetime.assertNotDisposed();
            this.#variables.write(variable, values);
          },
          fill: (fillings) => {
            this.#lifetime.assertNotDisposed();
            return this.#variables.fill(fillings);
          },
          hashContents: async (written) => {
            this.#lifetime.assertNotDisposed();
            if (this.#settings.packedCache !== undefined) await this.#variables.hashContents(written);
          },
          invalidate: (invalidated) => this.#variables.invalidate(invalidated),
        },
      ),
    );
  }

  /**
   * Writes all variables but the local ones to a checkpoint, atomically. The format is TensorFlow V2, or safetensors where the
   * path ends so.
   * @throws ExecutionError when a variable has no value; CheckpointError when the system refuses
   */
  async save(path: string, options: SaveOptions = {}): Promise<WriteResult> {
    checkOptions('save', options, saveOptions);
    const { signal, variables: chosen, ...writing } = options;
    checkSignal('save', signal);
    signal?.throwIfAborted();
    const earlier = this.#lifetime.pending();
    return this.#exclusively(async () => {
      await Promise.allSettled(earlier);
      this.#lifetime.assertNotDisposed();
      const variables = this.#variables.saved(chosen, 'save');
      this.#variables.assertInitialized(variables, 'save');
      const read = (name: string): TypedArray => {
        this.#lifetime.assertNotDisposed();
        return this.#variables.read(name);
      };
      return saveVariables(path, variables, read, { ...writing, signal, crc32c: this.#addon.crc32c });
    });
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

  /** Compiles what `run` would run, and says how it is computed: in which precision, and by which kernels. */
  async report(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<ProgramReport> {
    return this.#withCompiled('report', fetches, options, (native) => {
      const steps = native.steps();
      return { precision: this.precision, steps, ...summarizeKernels([steps]), ...native.stats() };
    });
  }

  /** The optimized plan of what `run` would run, as text (docs/plan_format.md). */
  async plan(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<string> {
    return this.#withCompiled('plan', fetches, options, (native) => native.plan());
  }

  stats(): SessionStats {
    this.#lifetime.assertNotDisposed();
    const { bytes, packedBytes, arenaBytes, waiting, threads, mode, executors, packedCache } = this.#store.stats();
    const { packedCache: settings } = this.#settings;
    return {
      device: this.device,
      precision: this.precision,
      precisionReport: this.precisionReport,
      threads,
      mode,
      executors,
      bytes: { variables: bytes, packed: packedBytes, arena: arenaBytes },
      ...(packedCache === undefined || settings === undefined
        ? {}
        : { packedCache: { folder: settings.folder, ...packedCache } }),
      variables: this.#variables.size,
      programs: this.#programs.size,
      ...this.#programs.kernels(),
      runs: this.#runs,
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

  async #run<K extends string>(
    feeds: Feeds,
    fetches: Readonly<Record<K, Tensor>>,
    options: RunOptions,
    observers?: Set<Program>,
  ): Promise<Record<K, TensorValue>> {
    this.#lifetime.assertOpen();
    checkOptions('run', options, runOptions);
    checkSignal('run', options.signal);
    const { signal, timeoutMs, updates = [], profile = false, borrowed = false } = options;
    if (timeoutMs !== undefined) checkInteger('run', 'timeoutMs', timeoutMs, 0, 2 ** 31 - 1);
    for (const [name, value] of Object.entries({ profile, borrowed })) {
      if (typeof value !== 'boolean')
        throw new ArgumentError(`run: ${name}: expected true or false, received ${describe(value)}.`);
    }
    const computation = this.#programs.computation(fetches, updates);
    const inputs = checkFeeds(computation.placeholders, feeds);
    return this.#compute(computation, inputs, { signal, timeoutMs, profile, borrowed, observers }) as Promise<
      Record<K, TensorValue>
    >;
  }

  async #warmup(fetches: Readonly<Record<string, Tensor>>, options: WarmupOptions): Promise<void> {
    this.#lifetime.assertOpen();
    checkOptions('warmup', options, warmupOptions);
    const { signal, shapes = {} } = options;
    checkSignal('warmup', signal);
    signal?.throwIfAborted();
    const computation = this.#programs.computation(fetches, []);
    const [update] = updatesOf(this.graph, [...computation.fetches.values()]);
    if (update !== undefined) {
      throw new ArgumentError(`warmup: the fetches run ${update.name}, which changes variables.`, {
        node: update.name,
        hint: 'session.report compiles them without a run.',
      });
    }
    const all = (Array.isArray(shapes) ? shapes : [shapes]).map((each) => checkShapes(computation.placeholders, each));
    if (all.length < 1 || all.length > this.#settings.programLimit) {
      const kept = `as many as programs are kept, ${this.#settings.programLimit}`;
      throw new ArgumentError(`warmup: shapes: expected 1 to ${kept}, received ${all.length}.`, {
        hint: 'raise programLimit of Session.create.',
      });
    }
    await this.#lifetime.cancellably(signal, undefined, async (cancellation) => {
      for (const each of all) {
        // Shapes that are too large fail here, before there are zeros of such a size.
        await cancellation.race(this.#program(computation, each).compiled);
        await this.#compute(computation, zeros(computation.placeholders, each), {
          signal,
          profile: false,
          borrowed: false,
        });
      }
    });
  }

  /** Runs a computation on checked inputs, which are copied before this returns unless they are borrowed. */
  async #compute(
    computation: Computation,
    given: readonly Input[],
    { signal, timeoutMs, profile, borrowed, observers }: ComputeOptions,
  ): Promise<Record<string, TensorValue>> {
    return this.#lifetime.cancellably(signal, timeoutMs, async (cancellation) => {
      let inputs = given;
      const { gate } = this.#lifetime;
      if (gate !== null) {
        // Only for the task that is at work now: one that comes later may itself wait for this run.
        inputs = copied(inputs);
        await this.#queue.park(cancellation, gate);
      }
      const program = this.#program(computation, inputs, observers);
      program.users++;
      try {
        const results = await this.#queue.send(program, inputs, cancellation, { profile, borrowed });
        this.#runs++;
        const named = program.plan.outputs.map(({ name, type }, i) => [
          name,
          { dtype: type.dtype, shape: [...type.shape], data: results[i] },
        ]);
        return Object.fromEntries(named) as Record<string, TensorValue>;
      } finally {
        program.users--;
      }
    });
  }

  async #withCompiled<T>(
    where: string,
    fetches: Readonly<Record<string, Tensor>>,
    options: CompileOptions,
    use: (native: NativeProgram) => T,
  ): Promise<T> {
    this.#lifetime.assertOpen();
    checkOptions(where, options, compileOptions);
    const computation = this.#programs.computation(fetches, options.updates ?? []);
    const program = this.#program(computation, checkShapes(computation.placeholders, options.shapes ?? {}));
    program.users++;
    try {
      const native = await this.#lifetime.track(program.compiled);
      this.#lifetime.assertNotDisposed();
      return use(native);
    } finally {
      program.users--;
    }
  }

  /** The program for these shapes; one that notes ranges where observers are given. */
  #program(computation: Computation, inputs: InputShapes, observers?: Set<Program>): Program {
    this.#variables.declare();
    return observers === undefined
      ? this.#programs.program(computation, inputs)
      : this.#programs.observer(computation, inputs, observers);
  }

  /** Runs `task` when earlier exclusive tasks have ended, and lets runs wait until then. */
  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#lifetime.exclusively(async () => {
      this.#variables.declare();
      return task();
    });
  }
}
