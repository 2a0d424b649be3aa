/** Deciding which variable gets which tensor of a checkpoint, and naming everything that does not fit. */
import { isConvertible } from '../../core/convert_numbers.js';
import type { DType } from '../../core/dtype.js';
import { type Defaults, type WithDefaults, withDefaults } from '../../core/options.js';
import { ArgumentError, CheckpointError } from '../../errors.js';
import { elementCount, sameShape } from '../shapes.js';
import type { CheckpointFormat, StoredDType, TensorInfo } from '../types.js';
import { averageName, withAverages } from './moving_averages.js';
import { describePlan, explainPlan, hintsFor } from './report.js';
import { arrangedShape, checkedSource, type NameMap, type TensorSource } from './tensor_source.js';

/** A variable that wants a value. */
export interface RestoreVariable {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where the values come from: a `CheckpointReader`, or any other table of contents. */
export interface RestoreSource {
  readonly path: string;
  readonly format: CheckpointFormat;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The tensors by the names of their variables, where these differ from the names under which they are stored. */
  readonly variables?: ReadonlyMap<string, TensorInfo>;
}

/** How to match variables and tensors. */
export interface RestoreOptions {
  /** Variables that the checkpoint lacks keep their values. Default false: they are a problem. */
  ignoreMissing?: boolean;
  /** Only variables whose name starts with one of these are restored. */
  includeScopes?: readonly string[];
  /** Variables whose name starts with one of these are not restored, as with TF-Slim's checkpoint_exclude_scopes. */
  excludeScopes?: readonly string[];
  /**
   * The tensor for a variable's name, by name or with what makes the variable's layout of it; names that are not in a record stay,
   * null excludes the variable.
   */
  nameMap?: Readonly<Record<string, string | TensorSource | null>> | NameMap;
  /** A tensor of another shape but of as many elements fits. Default false. */
  reshape?: boolean;
  /**
   * Variables get their moving averages (`<variable>/ExponentialMovingAverage`) where the checkpoint has them, as in Slim's evaluation
   * with `moving_average_decay`; all others their own values. Default false.
   */
  useMovingAverages?: boolean;
}

/** The options of `matchVariables`, with their defaults. */
export const matchingDefaults = {
  ignoreMissing: false,
  includeScopes: undefined,
  excludeScopes: [],
  nameMap: {},
  reshape: false,
  useMovingAverages: false,
} satisfies Defaults<RestoreOptions>;

type Matching = WithDefaults<RestoreOptions, typeof matchingDefaults>;

/** One variable and the tensor for it. */
export interface Assignment<V extends RestoreVariable = RestoreVariable> extends TensorSource {
  readonly variable: V;
}

/** A variable and a tensor that differ in shape or dtype. */
export interface Misfit<V extends RestoreVariable = RestoreVariable> extends Assignment<V> {
  readonly storedShape: readonly number[];
  /** The stored shape in the variable's order of dimensions. */
  readonly arrangedShape: readonly number[];
  readonly storedDType: StoredDType;
}

/** What is to be restored, and what is in the way. */
export interface RestorePlan<V extends RestoreVariable = RestoreVariable> {
  readonly path: string;
  readonly assignments: readonly Assignment<V>[];
  /** Variables whose tensor the checkpoint lacks; a problem unless `ignoreMissing`. */
  readonly missing: readonly Assignment<V>[];
  /** Names of missing variables whose moving average the checkpoint has. */
  readonly onlyAveraged: readonly string[];
  /** Same name, other shape: a problem. */
  readonly misshaped: readonly Misfit<V>[];
  /** Same name and shape, of a dtype that is not converted: a problem. */
  readonly mistyped: readonly Misfit<V>[];
  /** Tensors of another dtype whose values are converted: floats to floats, integers to integers. */
  readonly converted: readonly Misfit<V>[];
  /** Names of tensors that no variable wants, such as global_step and mean_rgb: no problem. */
  readonly unexpected: readonly string[];
  /** Names of variables that the options leave out. */
  readonly excluded: readonly string[];
  readonly ignoreMissing: boolean;
  /** Names of variables that get their moving averages; null where averages were not asked for. */
  readonly averaged: readonly string[] | null;
  /** True when `assertRestorable` would pass. */
  readonly ok: boolean;
  /** The plan in words: what fits, what does not and why, and the way out. */
  explain(): string;
}

/**
 * Matches variables with the tensors of a checkpoint by name. Nothing is read or changed.
 * @throws ArgumentError when two variables have one name or a scope is no text; CheckpointError when moving averages are wanted and
 * there are none.
 */
export function matchVariables<V extends RestoreVariable>(
  variables: readonly V[],
  source: RestoreSource,
  options: RestoreOptions = {},
): RestorePlan<V> {
  const matching = withDefaults('matchVariables', options, matchingDefaults);
  checkScopes(matching);
  const assignments: Assignment<V>[] = [];
  const missing: Assignment<V>[] = [];
  const misshaped: Misfit<V>[] = [];
  const mistyped: Misfit<V>[] = [];
  const converted: Misfit<V>[] = [];
  const excluded: string[] = [];
  const averaged: string[] = [];
  const wanted = new Set<string>();
  const names = new Set<string>();
  const { ignoreMissing, useMovingAverages } = matching;
  const { path, variables: named = source.tensors } = source;
  const tensors = useMovingAverages ? withAverages({ path, tensors: named }) : named;
  for (const variable of variables) {
    const { name } = variable;
    if (names.has(name)) throw new ArgumentError(`There are two variables named ${name} to restore.`);
    names.add(name);
    const wish = sourceOf(variable, tensors, matching);
    const needed = parts(wish ?? { tensor: name });
    // The tensor of an excluded variable is not unexpected: it is known and left alone.
    for (const { tensor } of needed) wanted.add(tensor).add(tensors.get(tensor)?.name ?? tensor);
    if (wish === null || !isIncluded(name, matching)) {
      excluded.push(name);
      continue;
    }
    const before = missing.length + misshaped.length + mistyped.length;
    for (const part of needed) {
      const info = tensors.get(part.tensor) ?? source.tensors.get(part.tensor);
      if (info === undefined) {
        missing.push({ variable, ...part });
        continue;
      }
      const arranged = arrangedShape(info.shape, part.dimensions);
      const found = { storedShape: info.shape, arrangedShape: arranged, storedDType: info.dtype };
      if (!shapesFit(variable.shape, arranged, matching.reshape)) misshaped.push({ variable, ...part, ...found });
      else if (variable.dtype !== info.dtype) {
        const list = isConvertible(info.dtype, variable.dtype) ? converted : mistyped;
        list.push({ variable, ...part, ...found });
      }
    }
    if (missing.length + misshaped.length + mistyped.length > before) continue;
    assignments.push({ variable, ...stored(wish, tensors) });
    if (named.has(averageName(wish.tensor))) averaged.push(name);
  }
  const plan: RestorePlan<V> = {
    path,
    assignments,
    missing,
    misshaped,
    mistyped,
    converted,
    unexpected: [...named].filter(([name, info]) => !wanted.has(name) && !wanted.has(info.name)).map(([name]) => name),
    excluded,
    ignoreMissing,
    averaged: useMovingAverages ? averaged : null,
    onlyAveraged: missing.filter(({ tensor }) => named.has(averageName(tensor))).map(({ variable }) => variable.name),
    ok: misshaped.length === 0 && mistyped.length === 0 && (ignoreMissing || missing.length === 0),
    explain: () => explainPlan(plan),
  };
  return plan;
}

/** @throws CheckpointError that lists every problem of a plan by name, with the way out. */
export function assertRestorable(plan: RestorePlan): void {
  if (plan.ok) return;
  throw new CheckpointError(`The checkpoint does not fit the variables.\n${describePlan(plan)}`, {
    path: plan.path,
    hint: hintsFor(plan),
  });
}

function checkScopes({ includeScopes = [], excludeScopes }: Matching): void {
  for (const [option, scopes] of Object.entries({ includeScopes, excludeScopes })) {
    if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string' && scope !== '')) {
      throw new ArgumentError(`Expected ${option} to be a list of scopes such as ['resnet_v1_50/logits'].`);
    }
  }
}

function sourceOf(variable: RestoreVariable, tensors: Tensors, { nameMap }: Matching): TensorSource | null {
  const { name } = variable;
  if (typeof nameMap === 'function') return checkedSource(nameMap(name, tensors), variable);
  return checkedSource(Object.hasOwn(nameMap, name) ? nameMap[name] : name, variable);
}

type Tensors = RestoreSource['tensors'];

/** A source with the names under which its tensors are stored. */
function stored({ tensor, minus, ...rest }: TensorSource, tensors: Tensors): TensorSource {
  const nameOf = (name: string) => tensors.get(name)?.name ?? name;
  return { ...rest, tensor: nameOf(tensor), ...(minus === undefined ? {} : { minus: nameOf(minus) }) };
}

/** The stored tensors that a value is made of, each as a source of its own. */
function parts({ minus, ...first }: TensorSource): TensorSource[] {
  return minus === undefined ? [first] : [first, { tensor: minus }];
}

function isIncluded(name: string, { includeScopes, excludeScopes }: Matching): boolean {
  if (excludeScopes.some((scope) => name.startsWith(scope))) return false;
  return includeScopes === undefined || includeScopes.some((scope) => name.startsWith(scope));
}

function shapesFit(variable: readonly number[], stored: readonly number[], reshape: boolean): boolean {
  if (sameShape(variable, stored)) return true;
  return reshape && elementCount(variable) === elementCount(stored);
}
