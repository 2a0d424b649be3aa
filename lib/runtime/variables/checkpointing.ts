/** A session's variables from a checkpoint, and into one. */
import {
  AssignedValues,
  assertRestorable,
  type CheckpointEntry,
  type CheckpointReader,
  type Filling,
  type FillingProblem,
  fillingError,
  matchVariables,
  type RestoreOptions,
  type RestorePlan,
  sortFillings,
  type WriteOptions,
  type WriteResult,
  writeCheckpoint,
} from '../../checkpoint/index.js';
import type { TypedArray } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';

/** How far filling came. */
export interface FillResult {
  readonly filled: number;
  readonly problem?: FillingProblem & { readonly index: number };
}

/** What restoring does to variables. */
export interface RestoreTarget {
  /** Sets a variable. What it throws ends the restore. */
  write(variable: Variable, values: TypedArray): void;
  /** Sets variables from where their values stand in files. Says how many are new, and which one made it end. */
  fill(fillings: readonly Filling<Variable>[]): Promise<FillResult>;
  /** Has the values of variables hashed that were written, not filled. */
  hashContents(variables: readonly Variable[]): Promise<void>;
  /** Told when a restore ended halfway: some values are new and some old, and that is no state to compute with. */
  invalidate(variables: readonly Variable[]): void;
}

/**
 * Reads the values of variables from a checkpoint. Before anything is written all names, shapes and dtypes are matched.
 * @param hashed whether contents are hashed when all has gone well
 * @param goOn called before each step that changes variables; what it throws ends the restore
 * @throws CheckpointError
 */
export async function restoreVariables(
  reader: CheckpointReader,
  variables: readonly Variable[],
  matching: RestoreOptions,
  target: RestoreTarget,
  hashed: boolean,
  goOn: () => void,
): Promise<RestorePlan<Variable>> {
  const plan = matchVariables(variables, reader, matching);
  assertRestorable(plan);
  let written = 0;
  try {
    const { groups, others } = sortFillings(reader, plan.assignments);
    for (const group of groups) {
      goOn();
      const before = written;
      written += group.length; // where filling itself fails (no memory, the end of the process), nobody knows how many
      const { filled, problem } = await target.fill(group);
      written = before + filled;
      if (problem !== undefined) throw fillingError(group[problem.index] as Filling<Variable>, problem);
    }
    goOn();
    const values = new AssignedValues(reader, others);
    for (const assignment of others) {
      const read = await values.read(assignment);
      goOn();
      target.write(assignment.variable, read);
      written++;
    }
    if (hashed && others.length > 0) await target.hashContents(others.map(({ variable }) => variable));
  } catch (error) {
    if (written > 0) target.invalidate(plan.assignments.map(({ variable }) => variable));
    throw error;
  }
  return plan;
}

/**
 * Writes variables to a checkpoint, atomically.
 * @param others tensors that stand in it besides
 * @param goOn called before each variable is read; what it throws ends the work
 * @throws CheckpointError when the system refuses
 */
export async function saveVariables(
  path: string,
  variables: readonly Variable[],
  values: { read(index: number): TypedArray | Promise<TypedArray> },
  others: readonly CheckpointEntry[],
  options: WriteOptions,
  goOn: () => void,
): Promise<WriteResult> {
  const data = (index: number) => (): TypedArray | Promise<TypedArray> => {
    goOn();
    return values.read(index);
  };
  const entries = variables.map(({ name, dtype, shape }, i) => ({ name, dtype, shape, data: data(i) }));
  return writeCheckpoint(path, [...entries, ...others], options);
}
