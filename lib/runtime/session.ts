/** Running a graph: variables with values, compiled programs, runs. */
import type { RestorePlan, WriteResult } from '../checkpoint/index.js';
import { allocate, describe, type TypedArray } from '../core/dtype.js';
import { Graph, type Tensor, type Variable } from '../core/graph.js';
import { checkInteger, checkOptions, checkSignal } from '../core/options.js';
import type { ConcreteShape } from '../core/shape.js';
import { ArgumentError, ExecutionError, isSlimnetError } from '../errors.js';
import type { Addon, NativeProgram, NativeStore } from '../native/addon.js';
import { loadAddon } from '../native/binding.js';
import { encode, type PlanRequest, updatesOf } from '../plan/encode.js';
import type { PlanPrecision } from '../plan/precision.js';
import { type CalibrateOptions, type Calibration, calibrationOf, checkCalibrateOptions } from './calibration.js';
import { Cancellation, SignalListeners } from './cancellation.js';
import { restoreVariables, saveVariables } from './checkpointing.js';
import { type Computation, computationKey, makeComputation } from './computation.js';
import type { ComputePrecision } from './device.js';
import { checkFeeds, checkShapes, checkValues, type Feeds, type Input, zeros } from './feeds.js';
import { Program } from './program.js';
import { ProgramCache } from './program_cache.js';
import { type SessionSettings, settingsOf } from './session_options.js';
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
} from './session_types.js';

export type * from './session_types.js';

const runOptions = ['signal', 'timeoutMs', 'updates', 'profile'];
const compileOptions = ['shapes', 'updates'];
const warmupOptions = ['shapes', 'signal'];
const restoreOptions = ['signal', 'variables', 'ignoreMissing', 'includeScopes', 'excludeScopes', 'nameMap', 'reshape'];
const saveOptions = ['format', 'signal', 'metadata', 'variables'];
// How long drawing initial values may keep the event loop busy.
const sliceMs = 8;

/** Options of `run` that were checked. */
interface ComputeOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly profile: boolean;
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
  readonly #settings: SessionSettings;
  readonly #addon: Addon;
  readonly #store: NativeStore;
  readonly #programs: ProgramCache<Program>;
  readonly #computations = new Map<string, Computation>();
  readonly #declared = new Set<string>();
  readonly #uninitialized = new Set<string>();
  readonly #cancellations = new Set<Cancellation>();
  readonly #signals = new SignalListeners();
  readonly #pending = new Set<Promise<unknown>>();
  #gate: Promise<void> | null = null;
  // Runs that wait in here, for a compilation or an exclusive task, and not in the native queue.
  #parked = 0;
  // Those that have their program, with the moment from which native code knows them.
  readonly #unsent = new Set<{ readonly hasUpdates: boolean; readonly sent: Promise<void> }>();
  #lastId = 0;
  #runs = 0;
  #state: 'open' | 'closing' | 'disposed' = 'open';

  private constructor(graph: Graph, settings: SessionSettings, addon: Addon) {
    const { device, backend, precision, threads, mode, queueLimit, programLimit } = settings;
    this.graph = graph;
    this.device = device;
    this.precision = precision.precision;
    this.#settings = settings;
    this.#addon = addon;
    this.#store = addon.createStore({ backend, threads, mode, queueLimit });
    this.#programs = new ProgramCache(programLimit);
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
    session.#declare();
    return session;
  }

  /**
   * Computes `fetches` from `feeds`. The feeds are copied before this returns: the caller may change them at once.
   * @returns the results under the names of the fetches, in arrays of their own
   * @throws ArgumentError, ShapeError for wrong feeds; ExecutionError for variables without values, a full queue
   * (ERR_QUEUE_FULL), a disposed session (ERR_DISPOSED); the signal's reason when aborted
   */
  run<const K extends string>(
    feeds: Feeds,
    fetches: Readonly<Record<K, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<K, TensorValue>> {
    return this.#track(this.#run(feeds, fetches, options));
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
        await this.#track(this.#run(feeds, fetches, signal === undefined ? {} : { signal }, observers));
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
    return this.#track(this.#warmup(fetches, options));
  }

  /** Gives variables their initial values, drawn from the graph's seed. */
  async initialize(options: InitializeOptions = {}): Promise<void> {
    checkOptions('initialize', options, ['onlyUninitialized', 'variables']);
    await this.#exclusively(async () => {
      const { variables, onlyUninitialized = false } = options;
      const all = variables === undefined ? [...this.graph.variables.values()] : this.#findAll(variables, 'initialize');
      const wanted = all.filter(({ name }) => !onlyUninitialized || this.#uninitialized.has(name));
      // What comes from a distribution is drawn on the executor's threads, all the rest here.
      const draws = wanted.flatMap(({ name, initialValue: { draw } }) =>
        draw === undefined ? [] : [{ name, ...draw() }],
      );
      await this.#addon.draw(this.#store, draws);
      this.#assertNotDisposed();
      for (const { name } of draws) this.#uninitialized.delete(name);
      let sliceEnd = performance.now() + sliceMs;
      for (const variable of wanted) {
        if (variable.initialValue.draw !== undefined) continue;
        this.#write(variable, variable.initialValue(variable.shape, variable.dtype));
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setImmediate(resolve));
        this.#assertNotDisposed();
        sliceEnd = performance.now() + sliceMs;
      }
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
        this.#saved(variables, 'restore'),
        { ...matching, signal },
        {
          crc32c: this.#addon.crc32c,
          write: (variable, values) => {
            this.#assertNotDisposed();
            this.#write(variable, values);
          },
          spoil: (spoilt) => {
            for (const { name } of spoilt) this.#uninitialized.add(name);
          },
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
    const earlier = [...this.#pending];
    return this.#exclusively(async () => {
      await Promise.allSettled(earlier);
      this.#assertNotDisposed();
      const variables = this.#saved(chosen, 'save');
      this.#assertInitialized(variables, 'save');
      const read = (name: string): TypedArray => {
        this.#assertNotDisposed();
        return this.#store.read(name);
      };
      return saveVariables(path, variables, read, { ...writing, signal, crc32c: this.#addon.crc32c });
    });
  }

  /** A copy of a variable's values. @throws ExecutionError when it has none */
  read(variable: Variable | string): TypedArray {
    this.#assertOpen();
    const found = this.#find(variable, 'read');
    this.#assertInitialized([found], 'read');
    return this.#store.read(found.name);
  }

  /**
   * Sets a variable. Runs that were called before and have begun go on with the old values.
   * @throws ArgumentError, ShapeError when the values do not fit
   */
  write(variable: Variable | string, values: TypedArray): void {
    this.#assertOpen();
    this.#write(this.#find(variable, 'write'), values);
  }

  /** Compiles what `run` would run, and says how it is computed. */
  async report(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<ProgramReport> {
    return this.#withCompiled('report', fetches, options, (native) => ({ steps: native.steps(), ...native.stats() }));
  }

  /** The optimized plan of what `run` would run, as text (docs/plan_format.md). */
  async plan(fetches: Readonly<Record<string, Tensor>>, options: CompileOptions = {}): Promise<string> {
    return this.#withCompiled('plan', fetches, options, (native) => native.plan());
  }

  stats(): SessionStats {
    this.#assertNotDisposed();
    const { bytes, packedBytes, arenaBytes, waiting, threads, mode, executors } = this.#store.stats();
    return {
      device: this.device,
      precision: this.precision,
      threads,
      mode,
      executors,
      bytes: { variables: bytes, packed: packedBytes, arena: arenaBytes },
      variables: this.#declared.size,
      programs: this.#programs.size,
      runs: this.#runs,
      pending: this.#cancellations.size,
      waiting,
    };
  }

  /** Ends the session: pending runs are rejected with ERR_DISPOSED, memory is freed. May be called again. */
  dispose(): void {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    for (const cancellation of this.#cancellations) cancellation.cancel(disposedError());
    this.#programs.clear();
    this.#computations.clear();
    this.#store.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Takes no more calls, waits for what is pending, then disposes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    this.dispose();
  }

  async #run<K extends string>(
    feeds: Feeds,
    fetches: Readonly<Record<K, Tensor>>,
    options: RunOptions,
    observers?: Set<Program>,
  ): Promise<Record<K, TensorValue>> {
    this.#assertOpen();
    checkOptions('run', options, runOptions);
    checkSignal('run', options.signal);
    const { signal, timeoutMs, updates = [], profile = false } = options;
    if (timeoutMs !== undefined) checkInteger('run', 'timeoutMs', timeoutMs, 0, 2 ** 31 - 1);
    if (typeof profile !== 'boolean')
      throw new ArgumentError(`run: profile: expected true or false, received ${describe(profile)}.`);
    const computation = this.#computation(fetches, updates);
    const inputs = checkFeeds(computation.placeholders, feeds);
    return this.#compute(computation, inputs, { signal, timeoutMs, profile, observers }) as Promise<
      Record<K, TensorValue>
    >;
  }

  async #warmup(fetches: Readonly<Record<string, Tensor>>, options: WarmupOptions): Promise<void> {
    this.#assertOpen();
    checkOptions('warmup', options, warmupOptions);
    const { signal, shapes = {} } = options;
    checkSignal('warmup', signal);
    signal?.throwIfAborted();
    const computation = this.#computation(fetches, []);
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
    const cancellation = new Cancellation(signal, undefined, this.#signals);
    this.#cancellations.add(cancellation);
    try {
      for (const each of all) {
        // Shapes that are too large fail here, before there are zeros of such a size.
        await cancellation.race(this.#program(computation, each).compiled);
        await this.#compute(computation, zeros(computation.placeholders, each), { signal, profile: false });
      }
    } finally {
      cancellation.end();
      this.#cancellations.delete(cancellation);
    }
  }

  /** Runs a computation on checked inputs, which are copied before this returns. */
  async #compute(
    computation: Computation,
    given: readonly Input[],
    { signal, timeoutMs, profile, observers }: ComputeOptions,
  ): Promise<Record<string, TensorValue>> {
    let inputs = given;
    const cancellation = new Cancellation(signal, timeoutMs, this.#signals);
    this.#cancellations.add(cancellation);
    try {
      if (this.#gate !== null) {
        // Only for the task that is at work now: one that comes later may itself wait for this run.
        inputs = copied(inputs);
        await this.#park(cancellation, this.#gate);
      }
      const program =
        observers === undefined ? this.#program(computation, inputs) : this.#observer(computation, inputs, observers);
      program.users++;
      try {
        const results = await this.#send(program, inputs, cancellation, profile);
        this.#runs++;
        const named = program.plan.outputs.map(({ name, type }, i) => [
          name,
          { dtype: type.dtype, shape: [...type.shape], data: results[i] },
        ]);
        return Object.fromEntries(named) as Record<string, TensorValue>;
      } finally {
        program.users--;
      }
    } finally {
      cancellation.end();
      this.#cancellations.delete(cancellation);
    }
  }

  /** Lets a run wait, if not too many do already. */
  async #park<T>(cancellation: Cancellation, until: Promise<T>): Promise<T> {
    if (this.#parked >= this.#settings.queueLimit) {
      throw new ExecutionError(`The queue is full: ${this.#parked} runs wait already.`, {
        code: 'ERR_QUEUE_FULL',
        hint: 'await earlier runs, or raise queueLimit.',
      });
    }
    this.#parked++;
    try {
      return await cancellation.race(until);
    } finally {
      this.#parked--;
    }
  }

  /**
   * Hands a run to native code, which keeps the order in which runs arrive. A run whose program is being compiled arrives late:
   * where that would change what one of them sees, later runs wait for it.
   */
  async #send(
    program: Program,
    inputs: readonly Input[],
    cancellation: Cancellation,
    profile: boolean,
  ): Promise<TypedArray[]> {
    const earlier = [...this.#unsent].filter((run) => run.hasUpdates || program.hasUpdates).map(({ sent }) => sent);
    if (program.native !== undefined && earlier.length === 0)
      return this.#execute(program, program.native, inputs, cancellation, profile);
    const kept = copied(inputs);
    let running: Promise<TypedArray[]> | undefined;
    let tell: () => void = () => {};
    const run = { hasUpdates: program.hasUpdates, sent: new Promise<void>((resolve) => (tell = resolve)) };
    this.#unsent.add(run);
    try {
      const [native] = await this.#park(cancellation, Promise.all([program.compiled, ...earlier]));
      running = this.#execute(program, native, kept, cancellation, profile);
    } finally {
      this.#unsent.delete(run);
      tell();
    }
    return running;
  }

  async #execute(
    program: Program,
    native: NativeProgram,
    inputs: readonly Input[],
    cancellation: Cancellation,
    profile: boolean,
  ): Promise<TypedArray[]> {
    cancellation.throwIfCancelled();
    this.#assertInitialized(program.variables, 'run');
    const id = ++this.#lastId;
    // Called without an await before it where the program is compiled: the inputs are copied in here.
    const running = native.run(
      inputs.map((input) => input.data),
      { id, profile },
    );
    cancellation.onCancel(() => native.cancel(id));
    try {
      const results = await running;
      // Updates that were applied cannot be taken back, so that run is not reported as aborted.
      if (!program.hasUpdates) cancellation.throwIfCancelled();
      return results;
    } catch (error) {
      throw cancellation.cancelled && isSlimnetError(error) && error.code === 'ERR_ABORTED'
        ? cancellation.reason
        : error;
    }
  }

  #write(variable: Variable, values: TypedArray): void {
    checkValues(variable, values);
    this.#store.write(variable.name, values);
    this.#uninitialized.delete(variable.name);
  }

  async #withCompiled<T>(
    where: string,
    fetches: Readonly<Record<string, Tensor>>,
    options: CompileOptions,
    use: (native: NativeProgram) => T,
  ): Promise<T> {
    this.#assertOpen();
    checkOptions(where, options, compileOptions);
    const computation = this.#computation(fetches, options.updates ?? []);
    const program = this.#program(computation, checkShapes(computation.placeholders, options.shapes ?? {}));
    program.users++;
    try {
      const native = await this.#track(program.compiled);
      this.#assertNotDisposed();
      return use(native);
    } finally {
      program.users--;
    }
  }

  #computation(fetches: Readonly<Record<string, Tensor>>, updates: readonly Tensor[]): Computation {
    const key = computationKey(this.graph, fetches, updates);
    let computation = this.#computations.get(key);
    if (computation === undefined) {
      computation = makeComputation(this.graph, key, fetches, updates);
      if (this.#computations.size >= 256) this.#computations.clear();
      this.#computations.set(key, computation);
    }
    return computation;
  }

  #program(computation: Computation, inputs: readonly { name: string; shape: ConcreteShape }[]): Program {
    const key = `${computation.key}#${inputs.map((input) => input.shape.join(',')).join(';')}`;
    const cached = this.#programs.get(key);
    if (cached !== undefined) return cached;
    this.#declare();
    const plan = encode(this.#request(computation, inputs, this.#settings.precision));
    const program = new Program(plan, this.#addon, this.#store);
    program.compiled.catch(() => this.#programs.remove(key, program));
    this.#programs.add(key, program);
    return program;
  }

  /** A program of one calibration, for these shapes. Such programs are not kept. */
  #observer(
    computation: Computation,
    inputs: readonly { name: string; shape: ConcreteShape }[],
    observers: Set<Program>,
  ): Program {
    this.#declare();
    const plan = encode(this.#request(computation, inputs, { precision: 'float32', observe: true }));
    for (const program of observers) if (program.plan.text === plan.text) return program;
    const program = new Program(plan, this.#addon, this.#store);
    observers.add(program);
    return program;
  }

  #request(
    { fetches, updates }: Computation,
    inputs: readonly { name: string; shape: ConcreteShape }[],
    precision: PlanPrecision,
  ): PlanRequest {
    return {
      graph: this.graph,
      fetches,
      updates,
      shapes: new Map(inputs.map(({ name, shape }) => [name, shape])),
      precision,
    };
  }

  /** Makes the variables that the graph got since the last time. */
  #declare(): void {
    if (this.graph.variables.size === this.#declared.size) return;
    for (const { name, dtype, shape } of this.graph.variables.values()) {
      if (this.#declared.has(name)) continue;
      this.#store.declare(name, dtype, shape);
      this.#declared.add(name);
      this.#uninitialized.add(name);
    }
  }

  #find(variable: Variable | string, where: string): Variable {
    const name: unknown = typeof variable === 'string' ? variable : variable?.name;
    const found = typeof name === 'string' ? this.graph.variables.get(name) : undefined;
    if (found === undefined || (typeof variable !== 'string' && found !== variable)) {
      const what = typeof name === 'string' ? `variable ${name}` : describe(variable);
      throw new ArgumentError(`${where}: ${what} is no variable of this session's graph.`);
    }
    this.#declare();
    return found;
  }

  #findAll(variables: unknown, where: string): Variable[] {
    if (!Array.isArray(variables))
      throw new ArgumentError(`${where}: variables: expected a list of variables, received ${describe(variables)}.`);
    return variables.map((variable: Variable | string) => this.#find(variable, where));
  }

  /** The variables that a checkpoint is about: those that a call names, or all that are saved. */
  #saved(variables: unknown, where: string): Variable[] {
    if (variables !== undefined) return this.#findAll(variables, where);
    return [...this.graph.variables.values()].filter(({ saved }) => saved !== false);
  }

  /** Runs `task` when earlier exclusive tasks have ended, and lets runs wait until then. */
  async #exclusively<T>(task: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const before = this.#gate;
    const running = (async () => {
      if (before !== null) await before;
      this.#assertNotDisposed();
      this.#declare();
      return task();
    })();
    const gate = running.then(
      () => {},
      () => {},
    );
    this.#gate = gate;
    try {
      return await this.#track(running);
    } finally {
      if (this.#gate === gate) this.#gate = null;
    }
  }

  #track<T>(promise: Promise<T>): Promise<T> {
    this.#pending.add(promise);
    const forget = (): void => {
      this.#pending.delete(promise);
    };
    promise.then(forget, forget);
    return promise;
  }

  #assertInitialized(variables: readonly Variable[], where: string): void {
    if (this.#uninitialized.size === 0) return;
    const without = variables.filter(({ name }) => this.#uninitialized.has(name)).map(({ name }) => name);
    if (without.length === 0) return;
    const more = without.length > 3 ? ` and ${without.length - 3} more` : '';
    throw new ExecutionError(
      `${where}: no value yet for variable${without.length > 1 ? 's' : ''} ${without.slice(0, 3).join(', ')}${more}.`,
      {
        node: without[0] as string,
        hint: 'call session.restore(checkpoint) or session.initialize() first.',
      },
    );
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw disposedError();
  }

  #assertNotDisposed(): void {
    if (this.#state === 'disposed') throw disposedError();
  }
}

function copied(inputs: readonly Input[]): Input[] {
  return inputs.map(({ name, dtype, shape, data }) => {
    const copy = allocate(dtype, data.length); // not slice(): that of a Buffer shares its memory
    new Uint8Array(copy.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return { name, dtype, shape, data: copy };
  });
}

function disposedError(): ExecutionError {
  return new ExecutionError('The session was disposed.', { code: 'ERR_DISPOSED' });
}
