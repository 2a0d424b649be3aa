/** Turning a checkpoint of one format into one of another. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, dtypes, isDType, type TypedArray } from '../core/dtype.js';
import { type Defaults, defined, withDefaults } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import type { Crc32c } from '../formats/crc32c.js';
import type { CheckpointEntry } from './entries.js';
import { allocateBytes } from './files/byte_source.js';
import { assertNoFolder, assertWritable } from './files/targets.js';
import { openCheckpoint } from './open.js';
import type { CheckpointReader } from './reader.js';
import { similarNames } from './restore/similar_names.js';
import { dataFiles } from './tensorflow/bundle_v2_shards.js';
import type { CheckpointFormat, TensorInfo } from './types.js';
import { checkpointTarget, type WriteResult, writeCheckpoint } from './writer.js';

/** What to convert, and how. */
export interface ConvertOptions {
  /** Default: `safetensors` where the destination ends so, else `tensorflow_v2`. */
  format?: CheckpointFormat;
  /** Only tensors whose name starts with one of these. */
  include?: readonly string[];
  /** Not those whose name starts with one of these. */
  exclude?: readonly string[];
  /** `[old, new]`: a name that starts with the old prefix gets the new one. The first that fits a name counts. */
  rename?: readonly (readonly [from: string, to: string])[];
  /** Replaces files that exist. Default false: they are an error. */
  overwrite?: boolean;
  /** A faster CRC-32C than the built-in one. */
  crc32c?: Crc32c;
  /** Aborts with an ExecutionError, code ERR_ABORTED; nothing is left behind. */
  signal?: AbortSignal;
  /** Free text for the header of a safetensors file. */
  metadata?: Readonly<Record<string, string>>;
}

/** What was converted. */
export interface ConvertResult extends WriteResult {
  /** What was read: for a folder its newest checkpoint. */
  readonly source: { readonly path: string; readonly format: CheckpointFormat; readonly tensors: number };
}

const defaults = {
  format: undefined,
  include: undefined,
  exclude: [],
  rename: [],
  overwrite: false,
  crc32c: undefined,
  signal: undefined,
  metadata: undefined,
} satisfies Defaults<ConvertOptions>;

/**
 * Writes the tensors of a checkpoint as another one, of another format or under other names. One tensor at a time is in memory. Values
 * and shapes stay as they are: what a format cannot hold (strings in safetensors; bfloat16, uint32 and uint64 in TensorFlow V1;
 * complex, quantized and float8 types in any) is an error that names the tensor, and nothing is written.
 * @throws ArgumentError for options, names that collide, files that exist, and what the format cannot hold; CheckpointError when the
 * source is missing or damaged, or the system refuses
 */
export async function convertCheckpoint(
  source: string,
  destination: string,
  options: ConvertOptions = {},
): Promise<ConvertResult> {
  const {
    include,
    exclude,
    rename,
    overwrite,
    format: wanted,
    metadata,
    ...reading
  } = withDefaults('convertCheckpoint', options, defaults);
  checkPrefixes({ include, exclude });
  checkRename(rename);
  const { format, target, marker } = checkpointTarget(destination, wanted);
  const reader = await openCheckpoint(source, defined(reading));
  try {
    const chosen = chosenTensors(reader, { include, exclude });
    const entries = entriesOf(reader, chosen, newNames(chosen, rename));
    await assertNoFolder(destination);
    const inTheWay = format === 'tensorflow_v2' ? (await dataFiles(target)).map(({ path }) => path) : [];
    await assertWritable([marker, ...inTheWay], reader.files, overwrite);
    if (format === 'tensorflow_v1') await assertVisible(destination);
    const written = await writeCheckpoint(destination, entries, defined({ ...reading, metadata, format }));
    return { ...written, source: { path: reader.path, format: reader.format, tensors: reader.tensors.size } };
  } finally {
    await reader.close();
  }
}

interface Prefixes {
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[];
}

function checkPrefixes(options: Prefixes): void {
  for (const [name, prefixes] of Object.entries(options)) {
    if (prefixes === undefined) continue;
    if (Array.isArray(prefixes) && prefixes.every((p) => typeof p === 'string' && p !== '')) continue;
    throw new ArgumentError(`convertCheckpoint: ${name}: expected a list of prefixes, received ${describe(prefixes)}.`);
  }
}

type Renames = NonNullable<ConvertOptions['rename']>;

function checkRename(rename: Renames): void {
  const pairs = Array.isArray(rename) ? rename : [rename];
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every((p) => typeof p === 'string') || pair[0] === pair[1])
      throw new ArgumentError(
        `convertCheckpoint: rename: expected pairs [old, new] of prefixes, received ${describe(pair)}.`,
      );
  }
}

/** The tensors that are wanted. @throws ArgumentError for a prefix that no name has, and when nothing is left */
function chosenTensors({ tensors }: CheckpointReader, { include, exclude }: Prefixes): TensorInfo[] {
  for (const prefix of [...(include ?? []), ...exclude]) assertUsed(prefix, tensors.keys());
  const has = (prefixes: readonly string[], name: string) => prefixes.some((prefix) => name.startsWith(prefix));
  const chosen = [...tensors.values()].filter(
    ({ name }) => (include === undefined || has(include, name)) && !has(exclude, name),
  );
  if (chosen.length === 0) throw new ArgumentError(`None of the ${tensors.size} tensors is left to convert.`);
  return chosen;
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
function newNames(chosen: readonly TensorInfo[], rename: Renames): ReadonlyMap<string, string> {
  for (const [from] of rename)
    assertUsed(
      from,
      chosen.map(({ name }) => name),
    );
  const names = new Map<string, string>();
  const takenBy = new Map<string, string>();
  for (const { name } of chosen) {
    const rule = rename.find(([from]) => name.startsWith(from));
    const renamed = rule === undefined ? name : rule[1] + name.slice(rule[0].length);
    const other = takenBy.get(renamed);
    if (other !== undefined)
      throw new ArgumentError(`Both ${other} and ${name} would be named ${JSON.stringify(renamed)}.`);
    if (renamed === '') throw new ArgumentError(`Nothing would be left of the name ${name}.`);
    takenBy.set(renamed, name);
    names.set(name, renamed);
  }
  return names;
}

/** Entries for the writer. Their values share one buffer, for the writer asks for one after the other. */
function entriesOf(
  reader: CheckpointReader,
  chosen: readonly TensorInfo[],
  names: ReadonlyMap<string, string>,
): CheckpointEntry[] {
  const largest = Math.max(...chosen.map(({ dtype, bytes }) => (dtype === 'string' ? 0 : bytes)));
  let buffer: ArrayBuffer | undefined;
  return chosen.map(({ name, dtype, shape, bytes }): CheckpointEntry => {
    const renamed = names.get(name) as string;
    if (dtype === 'string') return { name: renamed, dtype, shape, data: () => reader.readStrings(name) };
    if (!isDType(dtype)) {
      throw new ArgumentError(`${name} is of dtype ${dtype}, which cannot be converted.`, {
        path: reader.path,
        hint: 'exclude it.',
      });
    }
    const data = async (): Promise<TypedArray> => {
      buffer ??= allocateBytes(largest, reader.path).buffer as ArrayBuffer;
      const array = new dtypes[dtype].array(buffer, 0, bytes / dtypes[dtype].bytes);
      await reader.readInto(name, array);
      return array;
    };
    return { name: renamed, dtype, shape, data };
  });
}

/** A V1 file beside the index of a V2 checkpoint of the same name would never be found. @throws ArgumentError */
async function assertVisible(path: string): Promise<void> {
  const index = `${resolve(path)}.index`;
  const hidden = await stat(index).then(
    () => true,
    () => false,
  );
  if (!hidden) return;
  throw new ArgumentError('A TensorFlow V2 checkpoint of the same name would be read in place of this V1 file.', {
    path: index,
    hint: 'write to another name.',
  });
}
