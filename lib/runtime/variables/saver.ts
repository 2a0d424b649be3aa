/** Saving every now and then: numbered checkpoints of which the newest are kept. */
import { dirname, resolve } from 'node:path';
import {
  type CheckpointEntry,
  type RestorePlan,
  removeCheckpoint,
  updateCheckpointState,
  type WritableFormat,
} from '../../checkpoint/index.js';
import { describe } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';
import { checkInteger, type Defaults, defined, type WithDefaults, withDefaults } from '../../core/options.js';
import { ArgumentError, spelledInCode } from '../../errors.js';
import type { Session } from '../session/session.js';
import { restoreWanted, saverWords, type Wanted, wantedOf } from './restoring.js';

/** Options of `Saver`. */
export interface SaverOptions {
  /** Default: all variables of a session's graph but the local ones. */
  variables?: readonly Variable[];
  /** Older checkpoints are deleted; 0 keeps all. Default 5. */
  maxToKeep?: number;
  /** Tensors of another shape but of as many elements may be restored. Default false. */
  reshape?: boolean;
  /** Default `tensorflow_v2`. */
  format?: WritableFormat;
}

/** Options of `Saver.save`. */
export interface SaverSaveOptions {
  /** Number of the step, which is appended to the path: `model.ckpt-1000`. */
  globalStep?: number | bigint;
  /** Writes the folder's `checkpoint` file, in which `latestCheckpoint` looks. Default true. */
  writeState?: boolean;
  /** Tensors that the checkpoint holds besides the variables. Default: none. */
  tensors?: readonly CheckpointEntry[];
}

const saverDefaults = {
  variables: undefined,
  maxToKeep: 5,
  reshape: false,
  format: 'tensorflow_v2',
} satisfies Defaults<SaverOptions>;
const saveDefaults = { globalStep: undefined, writeState: true, tensors: [] } satisfies Defaults<SaverSaveOptions>;

/** How hints of a saver's `restore` name its options; of `numClasses` a network is built with. */
export const saverSpelling = spelledInCode({ reshape: 'reshape', numClasses: 'numClasses' });

/**
 * Saves and restores the variables of sessions as TensorFlow's Saver does: checkpoints are numbered, the newest few are kept, and
 * the `checkpoint` file of their folder names them. Calls of one saver must not overlap.
 */
export class Saver {
  readonly #options: WithDefaults<SaverOptions, typeof saverDefaults>;
  #last: string[] = [];

  /** @throws ArgumentError */
  constructor(options: SaverOptions = {}) {
    this.#options = withDefaults('Saver', options, saverDefaults);
    const { maxToKeep, variables } = this.#options;
    checkInteger('Saver', 'maxToKeep', maxToKeep, 0, 2 ** 31 - 1);
    if (variables !== undefined) wantedOf(variables, 'Saver');
  }

  /** The checkpoints that are kept, oldest first. */
  get lastCheckpoints(): readonly string[] {
    return [...this.#last];
  }

  /** Takes over checkpoints of an earlier process, oldest first: they count among those that are kept. */
  setLastCheckpoints(paths: readonly string[]): void {
    if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string' && path !== ''))
      throw new ArgumentError(`setLastCheckpoints: expected a list of paths, received ${describe(paths)}.`);
    this.#last = [...paths];
  }

  /**
   * Writes a checkpoint, then the `checkpoint` file, and then deletes what is over the number to keep.
   * @param prefix path without the step's number
   * @returns the path of the checkpoint, which `restore` and `latestCheckpoint` know it by
   * @throws ExecutionError when a variable has no value; CheckpointError when the system refuses
   */
  async save(session: Session, prefix: string, options: SaverSaveOptions = {}): Promise<string> {
    const { globalStep, writeState, tensors } = withDefaults('Saver.save', options, saveDefaults);
    if (globalStep !== undefined && typeof globalStep !== 'bigint')
      checkInteger('Saver.save', 'globalStep', globalStep, 0, Number.MAX_SAFE_INTEGER);
    if (typeof prefix !== 'string' || prefix === '')
      throw new ArgumentError(`Saver.save: expected the path of a checkpoint, received ${describe(prefix)}.`);
    const path = globalStep === undefined ? prefix : `${prefix}-${globalStep}`;
    const { variables, format } = this.#options;
    await session.save(path, defined({ format, variables, tensors }));
    const dropped = this.#keep(path);
    if (writeState)
      await updateCheckpointState(dirname(path), { modelCheckpointPath: path, allModelCheckpointPaths: this.#last });
    for (const old of dropped) await removeCheckpoint(old);
    return path;
  }

  /**
   * Gives the saver's variables the values of a checkpoint: all of them, or none.
   * @throws CheckpointError: `Key v not found in checkpoint`, or both shapes where they differ
   */
  async restore(session: Session, path: string): Promise<RestorePlan<Variable>> {
    const { variables, reshape } = this.#options;
    return restoreWanted(session, path, this.#wanted(session, variables), {
      ignoreMissing: false,
      reshape,
      words: saverWords,
      spelled: saverSpelling,
    });
  }

  #wanted({ graph }: Session, variables: readonly Variable[] | undefined): Wanted {
    return wantedOf(variables ?? [...graph.variables.values()].filter(({ saved }) => saved !== false), 'Saver');
  }

  /** Notes a new checkpoint, and says which are to go. */
  #keep(path: string): string[] {
    const { maxToKeep } = this.#options;
    if (maxToKeep === 0) return [];
    this.#last = [...this.#last.filter((other) => resolve(other) !== resolve(path)), path];
    return this.#last.splice(0, Math.max(0, this.#last.length - maxToKeep));
  }
}
