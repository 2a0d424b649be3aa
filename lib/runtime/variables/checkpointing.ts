/** A session's variables from a checkpoint, and into one. */
import {
  AssignedValues,
  assertRestorable,
  type Filling,
  type FillingProblem,
  fillingError,
  matchVariables,
  openCheckpoint,
  type RestoreOptions,
  type RestorePlan,
  sortFillings,
  type WriteOptions,
  type WriteResult,
  writeCheckpoint,
} from '../../checkpoint/index.js';
import type { TypedArray } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';

type Crc32c = NonNullable<WriteOptions['crc32c']>;

/** How far filling came. */
export interface FillResult {
  readonly filled: number;
  readonly problem?: FillingProblem & { readonly index: number };
}

/** What restoring does to a session. */
export interface RestoreTarget {
  readonly crc32c: Crc32c;
  /** Sets a variable. What it throws ends the restore. */
  readonly write: (variable: Variable, values: TypedArray) => void;
  /** Sets variables from where their values stand in files. Says how many are new, and which one made it end. */
  readonly fill: (fillings: readonly Filling<Variable>[]) => Promise<FillResult>;
  /** Told which variables were written, not filled, when all has gone well. */
  readonly hashContents: (variables: readonly Variable[]) => Promise<void>;
  /** Told when a restore ended halfway: some values are new and some old, and that is no state to compute with. */
  readonly invalidate: (variables: readonly Variable[]) => void;
}

/**
 * Reads the values of variables from a checkpoint. Before anything is written all names, shapes and dtypes are matched.
 * @throws CheckpointError; the signal's reason when aborted
 */
export async function restoreVariables(
  path: string,
  variables: readonly Variable[],
  { signal, ...matching }: RestoreOptions & { readonly signal: AbortSignal | undefined },
  { crc32c, write, fill, hashContents, invalidate }: RestoreTarget,
): Promise<RestorePlan<Variable>> {
  return orReason(signal, async () => {
    const reader = await openCheckpoint(path, { crc32c, ...(signal === undefined ? {} : { signal }) });
    try {
      const plan = matchVariables(variables, reader, matching);
      assertRestorable(plan);
      let written = 0;
      try {
        const { groups, others } = sortFillings(reader, plan.assignments);
        for (const group of groups) {
          signal?.throwIfAborted();
          const before = written;
          written += group.length; // where filling itself fails (no memory, the end of the process), nobody knows how many
          const { filled, problem } = await fill(group);
          written = before + filled;
          if (problem !== undefined) throw fillingError(group[problem.index] as Filling<Variable>, problem);
        }
        signal?.throwIfAborted();
        const values = new AssignedValues(reader, others);
        for (const assignment of others) {
          write(assignment.variable, await values.read(assignment));
          written++;
        }
        if (others.length > 0) await hashContents(others.map(({ variable }) => variable));
      } catch (error) {
        if (written > 0) invalidate(plan.assignments.map(({ variable }) => variable));
        throw error;
      }
      return plan;
    } finally {
      await reader.close();
    }
  });
}

/**
 * Writes variables to a checkpoint, atomically.
 * @throws CheckpointError when the system refuses; what `read` throws; the signal's reason when aborted
 */
export async function saveVariables(
  path: string,
  variables: readonly Variable[],
  read: (name: string) => TypedArray,
  { signal, ...writing }: Omit<WriteOptions, 'signal'> & { readonly signal: AbortSignal | undefined },
): Promise<WriteResult> {
  const entries = variables.map(({ name, dtype, shape }) => ({ name, dtype, shape, data: () => read(name) }));
  return orReason(signal, () =>
    writeCheckpoint(path, entries, { ...writing, ...(signal === undefined ? {} : { signal }) }),
  );
}

/** Work whose failure after an abort is the signal's reason. */
async function orReason<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  }
}
