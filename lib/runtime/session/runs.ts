/** The runs of a session: from what a call asks for to a program that is compiled, and on to its results. */
import type { TypedArray } from '../../core/dtype.js';
import type { Graph, Tensor } from '../../core/graph.js';
import { checkBoolean, checkInteger, checkSignal, type Defaults, defined, withDefaults } from '../../core/options.js';
import { ArgumentError, advice } from '../../errors.js';
import type { NativeProgram } from '../../native/addon.js';
import { updatesOf } from '../../plan/encode.js';
import {
  type CalibrateOptions,
  type Calibration,
  calibrationOf,
  checkCalibrateOptions,
} from '../precision/calibration.js';
import type { Computation } from '../programs/computation.js';
import type { Program } from '../programs/program.js';
import type { InputShapes, SessionPrograms } from '../programs/session_programs.js';
import type { SessionVariables } from '../variables/session_variables.js';
import { checkFeeds, checkShapes, type Feeds, type Input, zeros } from './feeds.js';
import type { SessionLifetime } from './lifetime.js';
import { copied, RunQueue, type SendOptions } from './run_queue.js';
import type { CompileOptions, RunOptions, TensorValue, WarmupOptions } from './types.js';

const runDefaults = {
  signal: undefined,
  timeoutMs: undefined,
  updates: [],
  profile: false,
  borrowed: false,
} satisfies Defaults<RunOptions>;
const warmupDefaults = { shapes: {}, signal: undefined } satisfies Defaults<WarmupOptions>;
const compileDefaults = { shapes: {}, updates: [] } satisfies Defaults<CompileOptions>;

/** What the runs of a session share with the rest of it. */
export interface RunContext {
  readonly graph: Graph;
  readonly lifetime: SessionLifetime;
  readonly variables: SessionVariables;
  readonly programs: SessionPrograms;
  readonly queueLimit: number;
  readonly programLimit: number;
  readonly updatesInPlace: boolean;
}

/** Options of a run that were checked. */
interface ComputeOptions extends SendOptions {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** Programs that note the ranges of values run instead of the usual ones, and are added here. */
  readonly observers?: Set<Program> | undefined;
}

/** `Session` says what its methods do. */
export class Runs {
  readonly #context: RunContext;
  readonly #queue: RunQueue;
  #ended = 0;
  #warned = false;

  constructor(context: RunContext) {
    this.#context = context;
    const { queueLimit, updatesInPlace, variables } = context;
    this.#queue = new RunQueue(queueLimit, updatesInPlace, (needed) => variables.assertInitialized(needed, 'run'));
  }

  /** Runs that ended well. */
  get ended(): number {
    return this.#ended;
  }

  async run<K extends string>(
    feeds: Feeds,
    fetches: Readonly<Record<K, Tensor>>,
    options: RunOptions,
    observers?: Set<Program>,
  ): Promise<Record<K, TensorValue>> {
    const { lifetime, programs } = this.#context;
    lifetime.assertOpen();
    const { updates, ...how } = withDefaults('run', options, runDefaults);
    checkSignal('run', how.signal);
    if (how.timeoutMs !== undefined) checkInteger('run', 'timeoutMs', how.timeoutMs, 0, 2 ** 31 - 1);
    checkBoolean('run', 'profile', how.profile);
    checkBoolean('run', 'borrowed', how.borrowed);
    const computation = programs.computation(fetches, updates);
    const inputs = checkFeeds(computation.placeholders, feeds);
    if (observers === undefined) this.#warnOfUpdates(computation);
    return this.#compute(computation, inputs, { ...how, observers }) as Promise<Record<K, TensorValue>>;
  }

  /** Says once that moving statistics stay as they are: a network that was trained so is wrong in inference. */
  #warnOfUpdates({ updatesLeftOut: [first, ...more] }: Computation): void {
    if (first === undefined || this.#warned) return;
    this.#warned = true;
    const layers = more.length === 0 ? first.layer : `${first.layer} and ${more.length} more`;
    const updates = first.collections.map((name) => `...graph.getCollection('${name}')`).join(', ');
    process.emitWarning(
      `run: computed in training mode without the updates of their moving statistics: ${layers}. ` +
        `To keep the statistics up to date, pass updates: [${updates}]. This is said once for each session.`,
      { type: 'SlimnetWarning', code: 'SLIMNET_UPDATES_LEFT_OUT' },
    );
  }

  async calibrate(
    fetches: Readonly<Record<string, Tensor>>,
    batches: Iterable<Feeds> | AsyncIterable<Feeds>,
    options: CalibrateOptions,
  ): Promise<Calibration> {
    const { signal, ...checked } = checkCalibrateOptions(options);
    const observers = new Set<Program>();
    let runs = 0;
    try {
      for await (const feeds of batches) {
        signal?.throwIfAborted();
        const running = this.run(feeds, fetches, defined({ signal }), observers);
        await this.#context.lifetime.track(running);
        runs++;
      }
      const ranges = [...observers].map((program) => program.native?.ranges() ?? []);
      return calibrationOf(ranges, runs, checked);
    } finally {
      for (const program of observers) program.dispose();
    }
  }

  async warmup(fetches: Readonly<Record<string, Tensor>>, options: WarmupOptions): Promise<void> {
    const { graph, lifetime, programs, programLimit } = this.#context;
    lifetime.assertOpen();
    const { signal, shapes } = withDefaults('warmup', options, warmupDefaults);
    checkSignal('warmup', signal);
    signal?.throwIfAborted();
    const computation = programs.computation(fetches, []);
    const [update] = updatesOf(graph, [...computation.fetches.values()]);
    if (update !== undefined) {
      throw new ArgumentError(`warmup: the fetches run ${update.name}, which changes variables.`, {
        node: update.name,
        hint: 'session.report compiles them without a run.',
      });
    }
    const all = (Array.isArray(shapes) ? shapes : [shapes]).map((each) => checkShapes(computation.placeholders, each));
    if (all.length < 1 || all.length > programLimit) {
      const kept = `as many as programs are kept, ${programLimit}`;
      throw new ArgumentError(`warmup: shapes: expected 1 to ${kept}, received ${all.length}.`, {
        hint: advice`raise ${'programLimit'}.`,
      });
    }
    await lifetime.cancellably(signal, undefined, async (cancellation) => {
      for (const each of all) {
        // Shapes that are too large fail here, before there are zeros of such a size.
        await cancellation.race(this.#program(computation, each).compiled);
        const inputs = zeros(computation.placeholders, each);
        await this.#compute(computation, inputs, { signal, profile: false, borrowed: false });
      }
    });
  }

  /** Compiles what a run would run, and hands it to `use`. */
  async compiled<T>(
    where: string,
    fetches: Readonly<Record<string, Tensor>>,
    options: CompileOptions,
    use: (native: NativeProgram) => T,
  ): Promise<T> {
    const { lifetime, programs } = this.#context;
    lifetime.assertOpen();
    const { shapes, updates } = withDefaults(where, options, compileDefaults);
    const computation = programs.computation(fetches, updates);
    const program = this.#program(computation, checkShapes(computation.placeholders, shapes));
    program.users++;
    try {
      const native = await lifetime.track(program.compiled);
      lifetime.assertNotDisposed();
      return use(native);
    } finally {
      program.users--;
    }
  }

  /** Runs a computation on checked inputs, which are copied before this returns unless they are borrowed. */
  async #compute(
    computation: Computation,
    given: readonly Input[],
    { signal, timeoutMs, profile, borrowed, observers }: ComputeOptions,
  ): Promise<Record<string, TensorValue>> {
    const { lifetime } = this.#context;
    return lifetime.cancellably(signal, timeoutMs, async (cancellation) => {
      let inputs = given;
      const { gate } = lifetime;
      if (gate !== null) {
        // Only for the task that is at work now: one that comes later may itself wait for this run.
        inputs = copied(inputs);
        await this.#queue.park(cancellation, gate);
      }
      const program = this.#program(computation, inputs, observers);
      program.users++;
      try {
        const results = await this.#queue.send(program, inputs, cancellation, { profile, borrowed });
        this.#ended++;
        return named(program, results);
      } finally {
        program.users--;
      }
    });
  }

  /** The program for these shapes; one that notes ranges where observers are given. */
  #program(computation: Computation, inputs: InputShapes, observers?: Set<Program>): Program {
    const { variables, programs } = this.#context;
    variables.declare();
    return observers === undefined
      ? programs.program(computation, inputs)
      : programs.observer(computation, inputs, observers);
  }
}

function named({ plan }: Program, results: readonly TypedArray[]): Record<string, TensorValue> {
  return Object.fromEntries(
    plan.outputs.map(({ name, type }, i) => [
      name,
      { dtype: type.dtype, shape: [...type.shape], data: results[i] as TypedArray },
    ]),
  );
}
