/** Which tensors are converted, and what they are called then. */
import { describe } from '../../core/dtype.js';
import { ArgumentError } from '../../errors.js';
import type { CheckpointReader } from '../reader.js';
import { averagedVariable, withAverages } from '../restore/moving_averages.js';
import { similarNames } from '../restore/similar_names.js';
import type { TensorInfo, WritableFormat } from '../types.js';

/** A tensor, and its name before it is renamed. */
export interface Chosen {
  readonly name: string;
  /** What is stored, under the name that is stored. */
  readonly info: TensorInfo;
}

/** `[old, new]` prefixes, of which the first that fits counts, or new names by old ones. */
export type Rename = readonly (readonly [from: string, to: string])[] | Readonly<Record<string, string>>;

/** Which tensors. */
export interface Choice {
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[];
  readonly useMovingAverages: boolean;
}

/** @throws ArgumentError */
export function checkPrefixes({ include, exclude }: Choice): void {
  for (const [name, prefixes] of Object.entries({ include, exclude })) {
    if (prefixes === undefined) continue;
    if (Array.isArray(prefixes) && prefixes.every((p) => typeof p === 'string' && p !== '')) continue;
    throw new ArgumentError(`convertCheckpoint: ${name}: expected a list of prefixes, received ${describe(prefixes)}.`);
  }
}

/** @throws ArgumentError */
export function checkRename(rename: Rename): void {
  const isList = Array.isArray(rename);
  const entries: readonly unknown[] = isList
    ? rename
    : typeof rename === 'object' && rename !== null
      ? Object.entries(rename)
      : [rename];
  for (const pair of entries) {
    const isPair = Array.isArray(pair) && pair.length === 2 && pair.every((p) => typeof p === 'string');
    if (isPair && (!isList || pair[0] !== pair[1])) continue;
    throw new ArgumentError(
      `convertCheckpoint: rename: expected pairs [old, new] of prefixes, or an object of new names by old ones, received ${describe(pair)}.`,
    );
  }
}

/**
 * The tensors that are wanted. An object-based checkpoint of TensorFlow 2 stays one in TensorFlow's formats; for others its tensors get
 * the names of their variables, and what describes the objects is left out.
 * @throws ArgumentError for a prefix that no name has, and when nothing is left; CheckpointError where averages are wanted and there are none
 */
export function chosenTensors(reader: CheckpointReader, format: WritableFormat, choice: Choice): Chosen[] {
  const { include, exclude } = choice;
  const all = namedTensors(reader, format, choice.useMovingAverages);
  const names = all.map(({ name }) => name);
  for (const prefix of [...(include ?? []), ...exclude]) assertUsed(prefix, names);
  const has = (prefixes: readonly string[], name: string) => prefixes.some((prefix) => name.startsWith(prefix));
  const chosen = all.filter(({ name }) => (include === undefined || has(include, name)) && !has(exclude, name));
  if (chosen.length === 0) throw new ArgumentError(`None of the ${all.length} tensors is left to convert.`);
  return chosen;
}

function namedTensors(reader: CheckpointReader, format: WritableFormat, useMovingAverages: boolean): Chosen[] {
  const byName = reader.isObjectBased && (format === 'safetensors' || useMovingAverages);
  const tensors = byName ? reader.variables : reader.tensors;
  const all = [...(useMovingAverages ? withAverages({ path: reader.path, tensors }) : tensors)];
  return all
    .filter(
      ([name, { dtype }]) => !(useMovingAverages && averagedVariable(name) !== null) && !(byName && dtype === 'string'),
    )
    .map(([name, info]) => ({ name, info }));
}

function assertUsed(prefix: string, names: Iterable<string>): void {
  const all = [...names];
  if (all.some((name) => name.startsWith(prefix))) return;
  const scopes = new Set(all.flatMap((name) => name.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))));
  const near = similarNames(prefix.replace(/\/$/, ''), scopes);
  throw new ArgumentError(`No tensor has a name that starts with ${JSON.stringify(prefix)}.`, {
    ...(near.length === 0 ? {} : { hint: `there are ${near.join(', ')}.` }),
  });
}

/** The new names by the old ones. @throws ArgumentError when two tensors would have one, or a rule fits none */
export function newNames(chosen: readonly Chosen[], rename: Rename): ReadonlyMap<string, string> {
  const all = chosen.map(({ name }) => name);
  const renamedBy = Array.isArray(rename)
    ? byPrefix(all, rename)
    : byName(all, rename as Readonly<Record<string, string>>);
  const names = new Map<string, string>();
  const takenBy = new Map<string, string>();
  for (const name of all) {
    const renamed = renamedBy(name);
    const other = takenBy.get(renamed);
    if (other !== undefined)
      throw new ArgumentError(`Both ${other} and ${name} would be named ${JSON.stringify(renamed)}.`);
    if (renamed === '') throw new ArgumentError(`Nothing would be left of the name ${name}.`);
    takenBy.set(renamed, name);
    names.set(name, renamed);
  }
  return names;
}

function byPrefix(names: readonly string[], rename: readonly (readonly [string, string])[]): (name: string) => string {
  for (const [from] of rename) assertUsed(from, names);
  return (name) => {
    const rule = rename.find(([from]) => name.startsWith(from));
    return rule === undefined ? name : rule[1] + name.slice(rule[0].length);
  };
}

function byName(names: readonly string[], rename: Readonly<Record<string, string>>): (name: string) => string {
  for (const from of Object.keys(rename)) {
    if (names.includes(from)) continue;
    const near = similarNames(from, names);
    throw new ArgumentError(`No tensor is named ${JSON.stringify(from)}.`, {
      ...(near.length === 0 ? {} : { hint: `there are ${near.join(', ')}.` }),
    });
  }
  return (name) => (Object.hasOwn(rename, name) ? (rename[name] as string) : name);
}
