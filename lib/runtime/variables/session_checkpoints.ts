/** What gives all variables of a session their values, while runs wait, and what keeps them: initialize, restore, save. */
import {
  CheckpointReader,
  type Crc32c,
  openCheckpoint,
  type RestorePlan,
  type WriteResult,
} from '../../checkpoint/index.js';
import { matchingDefaults } from '../../checkpoint/restore/match_variables.js';
import type { Variable } from '../../core/graph.js';
import { checkSignal, type Defaults, defined, withDefaults } from '../../core/options.js';
import type { NativeSnapshot } from '../../native/addon.js';
import type { SessionLifetime } from '../session/lifetime.js';
import type { InitializeOptions, SaveOptions, SessionRestoreOptions } from '../session/types.js';
import { restoreVariables, saveVariables } from './checkpointing.js';
import type { SessionVariables } from './session_variables.js';

const initializeDefaults = { onlyUninitialized: false, variables: undefined } satisfies Defaults<InitializeOptions>;
const restoreDefaults = {
  ...matchingDefaults,
  signal: undefined,
  variables: undefined,
} satisfies Defaults<SessionRestoreOptions>;
const saveDefaults = {
  format: undefined,
  signal: undefined,
  metadata: undefined,
  variables: undefined,
  tensors: [],
} satisfies Defaults<SaveOptions>;

/** What they share with the rest of a session. */
export interface CheckpointContext {
  readonly lifetime: SessionLifetime;
  readonly variables: SessionVariables;
  readonly crc32c: Crc32c;
  /** The values of restored variables are hashed, for a cache of what is packed out of them. */
  readonly hashed: boolean;
  /** Runs write over the variables' values: none may be at work while these are saved. */
  readonly updatesInPlace: boolean;
}

/** `Session` says what its methods do. */
export class SessionCheckpoints {
  readonly #context: CheckpointContext;
  #saving: Promise<unknown> = Promise.resolve();

  constructor(context: CheckpointContext) {
    this.#context = context;
  }

  async initialize(options: InitializeOptions): Promise<void> {
    const { variables: chosen, onlyUninitialized } = withDefaults('initialize', options, initializeDefaults);
    const { lifetime, variables } = this.#context;
    await this.#exclusively(async () => {
      const wanted = chosen === undefined ? undefined : variables.findAll(chosen, 'initialize');
      await variables.initialize(wanted, onlyUninitialized, () => lifetime.assertNotDisposed());
    });
  }

  async restore(checkpoint: string | CheckpointReader, options: SessionRestoreOptions): Promise<RestorePlan<Variable>> {
    const { signal, variables: chosen, ...matching } = withDefaults('restore', options, restoreDefaults);
    const { lifetime, variables, crc32c, hashed } = this.#context;
    checkSignal('restore', signal);
    signal?.throwIfAborted();
    const goOn = (): void => {
      signal?.throwIfAborted();
      lifetime.assertNotDisposed();
    };
    return this.#exclusively(() => {
      const wanted = variables.saved(chosen, 'restore');
      return orReason(signal, async () => {
        const open =
          checkpoint instanceof CheckpointReader
            ? undefined
            : await openCheckpoint(checkpoint, defined({ crc32c, signal }));
        try {
          const reader = open ?? (checkpoint as CheckpointReader);
          return await reader.use(() => restoreVariables(reader, wanted, defined(matching), variables, hashed, goOn));
        } finally {
          await open?.close();
        }
      });
    });
  }

  /** Sets variables to what a snapshot of as many of another session holds. */
  async assign(chosen: readonly Variable[], snapshot: NativeSnapshot): Promise<void> {
    const { lifetime, variables } = this.#context;
    await this.#exclusively(async () => {
      for (const [i, variable] of variables.findAll(chosen, 'assignFrom').entries()) {
        const values = await snapshot.read(i);
        lifetime.assertNotDisposed();
        variables.write(variable, values);
      }
    });
  }

  async save(path: string, options: SaveOptions): Promise<WriteResult> {
    const { signal, variables: chosen, tensors, ...writing } = withDefaults('save', options, saveDefaults);
    const { lifetime, variables, crc32c, updatesInPlace } = this.#context;
    checkSignal('save', signal);
    signal?.throwIfAborted();
    const write = async (): Promise<WriteResult> => {
      variables.declare();
      const saved = variables.saved(chosen, 'save');
      variables.assertInitialized(saved, 'save');
      const goOn = (): void => lifetime.assertNotDisposed();
      const snapshot = variables.snapshot(saved);
      const before = this.#saving;
      const saving = before.then(() =>
        orReason(signal, () =>
          saveVariables(path, saved, snapshot, tensors, defined({ ...writing, signal, crc32c }), goOn),
        ),
      );
      // The next one may write the same files.
      this.#saving = saving.then(
        () => {},
        () => {},
      );
      try {
        return await saving;
      } finally {
        snapshot.dispose();
      }
    };
    if (!updatesInPlace) return lifetime.afterExclusive(write);
    const earlier = lifetime.pending();
    return this.#exclusively(async () => {
      await Promise.allSettled(earlier);
      lifetime.assertNotDisposed();
      return write();
    });
  }

  /** Runs `task` when earlier exclusive tasks have ended, and lets runs wait until then. */
  #exclusively<T>(task: () => Promise<T>): Promise<T> {
    const { lifetime, variables } = this.#context;
    return lifetime.exclusively(async () => {
      variables.declare();
      return task();
    });
  }
}

/** Work whose failure after an abort is the signal's reason. */
async function orReason<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}
