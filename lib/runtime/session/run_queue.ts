/** Handing runs to native code in the order of the calls, also where a program is still being compiled. */
import { allocate, type TypedArray } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';
import { advice, ExecutionError, isSlimnetError } from '../../errors.js';
import type { NativeProgram } from '../../native/addon.js';
import type { Program } from '../programs/program.js';
import type { Cancellation } from './cancellation.js';
import type { Input } from './feeds.js';

/** How a run is computed. */
export interface SendOptions {
  /** Measures each step. */
  readonly profile: boolean;
  /** Inputs in memory of the addon's own may be read until the run has ended. */
  readonly borrowed: boolean;
}

/** The runs of one session on their way to native code, which keeps the order in which they arrive. */
export class RunQueue {
  readonly #limit: number;
  readonly #inOrder: boolean;
  readonly #assertInitialized: (variables: readonly Variable[]) => void;
  // Runs that wait in here, for a compilation or an exclusive task, and not in the native queue.
  #parked = 0;
  // Those that have their program, with the moment from which native code knows them.
  readonly #unsent = new Set<{ readonly hasUpdates: boolean; readonly sent: Promise<void> }>();
  #lastId = 0;

  /**
   * @param limit runs that may wait in here
   * @param inOrder whether all runs keep their order around one with updates; else only those with updates keep theirs
   * @param assertInitialized throws for variables without values
   */
  constructor(limit: number, inOrder: boolean, assertInitialized: (variables: readonly Variable[]) => void) {
    this.#limit = limit;
    this.#inOrder = inOrder;
    this.#assertInitialized = assertInitialized;
  }

  /** Lets a run wait, if not too many do already. @throws ExecutionError (ERR_QUEUE_FULL) */
  async park<T>(cancellation: Cancellation, until: Promise<T>): Promise<T> {
    if (this.#parked >= this.#limit) {
      throw new ExecutionError(`The queue is full: ${this.#parked} runs wait already.`, {
        code: 'ERR_QUEUE_FULL',
        hint: advice`await earlier runs, or raise ${'queueLimit'}.`.or('await earlier runs.'),
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
   * Runs a program; its inputs are copied before this returns, unless they are borrowed and the program is compiled. A run whose
   * program is being compiled arrives late: where that would change what one of them sees, later runs wait for it.
   */
  async send(
    program: Program,
    inputs: readonly Input[],
    cancellation: Cancellation,
    options: SendOptions,
  ): Promise<TypedArray[]> {
    const keepsOrder = (run: { readonly hasUpdates: boolean }): boolean =>
      this.#inOrder ? run.hasUpdates || program.hasUpdates : run.hasUpdates && program.hasUpdates;
    const earlier = [...this.#unsent].filter(keepsOrder).map(({ sent }) => sent);
    if (program.native !== undefined && earlier.length === 0)
      return this.#execute(program, program.native, inputs, cancellation, options);
    const kept = copied(inputs);
    let running: Promise<TypedArray[]> | undefined;
    let tell: () => void = () => {};
    const run = { hasUpdates: program.hasUpdates, sent: new Promise<void>((resolve) => (tell = resolve)) };
    this.#unsent.add(run);
    try {
      const [native] = await this.park(cancellation, Promise.all([program.compiled, ...earlier]));
      running = this.#execute(program, native, kept, cancellation, options);
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
    options: SendOptions,
  ): Promise<TypedArray[]> {
    cancellation.throwIfCancelled();
    this.#assertInitialized(program.variables);
    const id = ++this.#lastId;
    // Called without an await before it where the program is compiled: inputs that are not borrowed are copied in here.
    const running = native.run(
      inputs.map((input) => input.data),
      { id, ...options },
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
}

/** Inputs in memory of their own. */
export function copied(inputs: readonly Input[]): Input[] {
  return inputs.map((input) => {
    const own = (array: TypedArray) => {
      const copy = allocate(input.dtype, array.length); // not slice(): that of a Buffer shares its memory
      new Uint8Array(copy.buffer).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return copy;
    };
    return { ...input, data: Array.isArray(input.data) ? input.data.map(own) : own(input.data as TypedArray) };
  });
}
