/** TF-Slim's functions that give variables values. Values live in sessions, so each of these works on one. */
import type { RestorePlan } from '../../checkpoint/index.js';
import { describe, dtypes, holds, isFloating, type TypedArray } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';
import { type Defaults, withDefaults } from '../../core/options.js';
import { elementCount, shapeText } from '../../core/shape.js';
import { ArgumentError, ScopeError, ShapeError, spelledInCode } from '../../errors.js';
import type { Session } from '../session/session.js';
import { restoreWanted, saverWords, type VariableList, type Words, wantedOf } from './restoring.js';

export type { VariableList } from './restoring.js';

/** Values by variable name: as many as the variable has elements, in its order. */
export type NamedValues = Readonly<Record<string, TypedArray | readonly number[] | number>>;

/**
 * Gives variables values. A name that is no variable's full name stands for the one variable whose name begins with it.
 * @throws ScopeError for names that stand for none or for several; ShapeError, ArgumentError for values that do not fit. Then
 *   nothing is changed.
 */
export function assignFromValues(session: Session, varNamesToValues: NamedValues): void {
  const assignments = Object.entries(varNamesToValues).map(([name, values]) => {
    const variable = variableOf(session, name);
    return { variable, data: valuesFor(variable, values) };
  });
  for (const { variable, data } of assignments) session.write(variable, data);
}

/** A function that does `assignFromValues` on the session that it is given. */
export function assignFromValuesFn(varNamesToValues: NamedValues): (session: Session) => Promise<void> {
  return async (session) => assignFromValues(session, varNamesToValues);
}

function variableOf({ graph }: Session, name: string): Variable {
  const exact = graph.variables.get(name);
  if (exact !== undefined) return exact;
  const [found, ...more] = [...graph.variables.values()].filter((v) => v.name.startsWith(name));
  if (found === undefined) throw new ScopeError(`Variable ${name} wasn't found.`, { node: name });
  if (more.length > 0)
    throw new ScopeError(`Variable ${name} doesn't uniquely identify a variable: ${more.length + 1} names begin so.`, {
      node: name,
    });
  return found;
}

function valuesFor(variable: Variable, values: NamedValues[string]): TypedArray {
  const { name, dtype, shape } = variable;
  const given = typeof values === 'number' ? [values] : values;
  const length = Array.isArray(given) || ArrayBuffer.isView(given) ? (given as ArrayLike<unknown>).length : -1;
  if (length !== elementCount(shape)) {
    throw new ShapeError(
      `Variable ${name}: ${shapeText(shape)} has ${elementCount(shape)} elements, received ${describe(values)}.`,
      { node: name },
    );
  }
  if (holds(dtype, given)) return given;
  const wide = dtypes[dtype].bytes === 8 && !isFloating(dtype);
  const list: readonly unknown[] = Array.isArray(given) ? given : [];
  if (list.length !== length || !list.every((v) => typeof v === 'number' && (!wide || Number.isSafeInteger(v)))) {
    throw new ArgumentError(
      `Variable ${name}: expected ${dtypes[dtype].array.name} or numbers for ${dtype}, received ${describe(values)}.`,
      { node: name },
    );
  }
  const numbers = list as readonly number[];
  const made = new dtypes[dtype].array(length);
  for (const [i, v] of numbers.entries()) (made as { [i: number]: number | bigint })[i] = wide ? BigInt(v) : v;
  return made;
}

/** Options of `assignFromCheckpoint`. */
export interface AssignFromCheckpointOptions {
  /** Variables whose tensor is not there keep their values, and a warning names them. Default false. */
  ignoreMissing?: boolean;
}

/** Options of `assignFromCheckpointFn`. */
export interface AssignFromCheckpointFnOptions extends AssignFromCheckpointOptions {
  /** A tensor of another shape but of as many elements fits. Default false. */
  reshape?: boolean;
}

const assignDefaults = { ignoreMissing: false } satisfies Defaults<AssignFromCheckpointOptions>;
const assignFnDefaults = {
  ...assignDefaults,
  reshape: false,
} satisfies Defaults<AssignFromCheckpointFnOptions>;

/** Of `numClasses` a network is built with. */
export const assignSpelling = spelledInCode([...Object.keys(assignDefaults), 'numClasses']);
export const assignFnSpelling = spelledInCode([...Object.keys(assignFnDefaults), 'numClasses']);

const assignWords: Words = {
  missing: (tensor) => `Checkpoint is missing variable [${tensor}].`,
  misshaped: (tensor, stored, variable) =>
    `Total size of new array must be unchanged for ${tensor} lh_shape: ${shapeText(stored)}, rh_shape: ${shapeText(variable)}.`,
};

/**
 * Gives variables the values of a checkpoint: all of them, or none when one does not fit.
 * @param modelPath as `session.restore` takes it
 * @param varList variables, or variables by the names of their tensors; none are needed
 * @throws CheckpointError for missing tensors and other shapes; ArgumentError for what is no variable
 */
export async function assignFromCheckpoint(
  session: Session,
  modelPath: string,
  varList: VariableList,
  options: AssignFromCheckpointOptions = {},
): Promise<RestorePlan<Variable>> {
  const { ignoreMissing } = withDefaults('assignFromCheckpoint', options, assignDefaults);
  const plan = await restoreWanted(session, modelPath, wantedOf(varList, 'assignFromCheckpoint'), {
    ignoreMissing,
    reshape: false,
    words: assignWords,
    spelled: assignSpelling,
  });
  warn(plan);
  return plan;
}

/**
 * A function that restores variables of the session that it is given. It resolves to what was restored, or to null when
 * `ignoreMissing` leaves nothing to restore.
 * @throws ArgumentError when there are no variables; the function rejects with CheckpointError for what does not fit
 */
export function assignFromCheckpointFn(
  modelPath: string,
  varList: VariableList,
  options: AssignFromCheckpointFnOptions = {},
): (session: Session) => Promise<RestorePlan<Variable> | null> {
  const { ignoreMissing, reshape } = withDefaults('assignFromCheckpointFn', options, assignFnDefaults);
  const wanted = wantedOf(varList, 'assignFromCheckpointFn');
  if (wanted.size === 0) throw new ArgumentError('assignFromCheckpointFn: varList cannot be empty.');
  return async (session) => {
    const plan = await restoreWanted(session, modelPath, wanted, {
      ignoreMissing,
      reshape,
      words: saverWords,
      spelled: assignFnSpelling,
    });
    warn(plan);
    return plan.assignments.length === 0 ? null : plan;
  };
}

function warn({ missing, path }: RestorePlan<Variable>): void {
  for (const { tensor } of missing) process.emitWarning(`Variable ${tensor} missing in checkpoint ${path}`);
}
