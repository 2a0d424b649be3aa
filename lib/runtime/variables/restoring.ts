/** What `assignFromCheckpoint` and `Saver` have in common: variables by the names of their tensors, and TensorFlow's words for misfits. */
import { matchVariables, openCheckpoint, type RestorePlan } from '../../checkpoint/index.js';
import { describePlan, hintsFor } from '../../checkpoint/restore/report.js';
import { describe } from '../../core/dtype.js';
import type { Variable } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, CheckpointError, type Spelling, spelling } from '../../errors.js';
import { loadAddon } from '../../native/binding.js';
import type { Session } from '../session/session.js';

/** Variables under their own names, or by the name of the tensor for each (or for several). */
export type VariableList = readonly Variable[] | Readonly<Record<string, Variable | readonly Variable[]>>;

/** Which tensor each variable gets. */
export type Wanted = ReadonlyMap<Variable, string>;

/** @throws ArgumentError when the list holds something else, or a variable twice */
export function wantedOf(list: unknown, where: string): Wanted {
  const pairs: readonly (readonly [string | null, unknown])[] = Array.isArray(list)
    ? list.map((variable: unknown) => [null, variable] as const)
    : typeof list === 'object' && list !== null
      ? Object.entries(list).flatMap(([tensor, value]) =>
          (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((v) => [tensor, v] as const),
        )
      : refuse(list, where);
  const wanted = new Map<Variable, string>();
  for (const [tensor, value] of pairs) {
    const variable = isVariable(value) ? value : refuse(value, where);
    if (wanted.has(variable))
      throw new ArgumentError(`${where}: the variable ${variable.name} occurs twice.`, { node: variable.name });
    wanted.set(variable, tensor ?? variable.name);
  }
  return wanted;
}

function isVariable(value: unknown): value is Variable {
  return typeof value === 'object' && value !== null && 'initialValue' in value && 'name' in value;
}

function refuse(value: unknown, where: string): never {
  throw new ArgumentError(`${where}: expected variables, or variables by tensor name, received ${describe(value)}.`);
}

/** How a misfit is called. */
export interface Words {
  missing(tensor: string): string;
  misshaped(tensor: string, stored: readonly number[], variable: readonly number[]): string;
}

/** What TensorFlow's Saver says. */
export const saverWords: Words = {
  missing: (tensor) => `Key ${tensor} not found in checkpoint.`,
  misshaped: (tensor, stored, variable) =>
    `Assign requires shapes of both tensors to match for ${tensor}: lhs shape ${shapeText(variable)}, rhs shape ${shapeText(stored)}.`,
};

/** How to restore. */
export interface Restoring {
  readonly ignoreMissing: boolean;
  readonly reshape: boolean;
  readonly words: Words;
  /** How the function that restores spells its options in hints. */
  readonly spelled: Spelling;
}

/**
 * Gives variables the values of a checkpoint's tensors: all of them, or none.
 * @throws CheckpointError that says with the given words what is missing or does not fit, and then all else
 */
export async function restoreWanted(
  session: Session,
  path: string,
  wanted: Wanted,
  { ignoreMissing, reshape, words, spelled }: Restoring,
): Promise<RestorePlan<Variable>> {
  return spelling(spelled, () => matchAndRestore(session, path, wanted, { ignoreMissing, reshape, words }));
}

async function matchAndRestore(
  session: Session,
  path: string,
  wanted: Wanted,
  { ignoreMissing, reshape, words }: Omit<Restoring, 'spelled'>,
): Promise<RestorePlan<Variable>> {
  const variables = [...wanted.keys()];
  const nameMap = Object.fromEntries([...wanted].map(([{ name }, tensor]) => [name, tensor]));
  const matching = { nameMap, ignoreMissing, reshape };
  const reader = await openCheckpoint(path, { crc32c: loadAddon().crc32c });
  try {
    const plan = matchVariables(variables, reader, matching);
    const problem = firstProblem(plan, words);
    if (problem !== null)
      throw new CheckpointError(`${problem}\n${describePlan(plan)}`, { path: plan.path, hint: hintsFor(plan) });
    return await session.restore(reader, { variables, ...matching });
  } finally {
    await reader.close();
  }
}

function firstProblem({ missing, misshaped, ignoreMissing }: RestorePlan<Variable>, words: Words): string | null {
  const [absent] = missing;
  if (absent !== undefined && !ignoreMissing) return words.missing(absent.tensor);
  const [wrong] = misshaped;
  return wrong === undefined ? null : words.misshaped(wrong.tensor, wrong.storedShape, wrong.variable.shape);
}
