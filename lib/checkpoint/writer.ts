/** Writing a checkpoint in any of the formats. */
import { resolve } from 'node:path';
import { describe } from '../core/dtype.js';
import { type Defaults, type WithDefaults, withDefaults } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import { type Crc32c, crc32c } from '../formats/crc32c.js';
import { type CheckpointEntry, collectEntries } from './entries.js';
import { writeAtomically } from './files/atomic_write.js';
import type { FileSink } from './files/byte_sink.js';
import { throwIfAborted } from './files/byte_source.js';
import { writeSafetensors } from './safetensors/writer.js';
import { shardPath } from './tensorflow/bundle_v2.js';
import { freeShardCount, removeOtherShards } from './tensorflow/bundle_v2_shards.js';
import { writeBundleV2 } from './tensorflow/bundle_v2_writer.js';
import { writeSlicesV1 } from './tensorflow/slices_v1_writer.js';
import type { WritableFormat } from './types.js';

/** How to write. */
export interface WriteOptions {
  /** Default: `safetensors` where the path ends so, else `tensorflow_v2`. */
  format?: WritableFormat;
  /** A faster CRC-32C than the built-in one. */
  crc32c?: Crc32c;
  /** Aborts with an ExecutionError, code ERR_ABORTED; nothing is left behind. */
  signal?: AbortSignal;
  /** Free text for the header of a safetensors file. */
  metadata?: Readonly<Record<string, string>>;
}

const defaults = {
  format: undefined,
  crc32c,
  signal: undefined,
  metadata: undefined,
} satisfies Defaults<WriteOptions>;

/** What was written. */
export interface WriteResult {
  readonly format: WritableFormat;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly tensors: number;
}

/**
 * Writes a checkpoint atomically: whatever happens meanwhile, a checkpoint of this path is the old one or the new one, whole.
 * Entries are sorted by name, as TensorFlow sorts them; values given as functions are fetched one at a time, so that only one needs
 * to be in memory.
 *
 * A V2 checkpoint is several files, and its index says how many data files belong to it. Where data files of the prefix are there
 * already, the new ones are written under a count that is not in use (`.data-00000-of-00002`, further ones empty), the index is
 * replaced, and then the old data goes.
 * @param path a file, or for `tensorflow_v2` the prefix of the `.index` and `.data-00000-of-00001` files.
 * @throws ArgumentError for entries that the format cannot hold; CheckpointError when the system refuses.
 */
export async function writeCheckpoint(
  path: string,
  entries: Iterable<CheckpointEntry> | AsyncIterable<CheckpointEntry>,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const complete = withDefaults('writeCheckpoint', options, defaults);
  const { format, target } = checkpointTarget(path, complete.format);
  const { signal } = complete;
  const write = writers[format];
  throwIfAborted(signal, path);
  const sorted = await collectEntries(entries);
  if (format !== 'tensorflow_v2') {
    const bytes = await writeAtomically([target], (sinks) => write(sinks, sorted, complete), signal);
    return { format, files: [target], bytes, tensors: sorted.length };
  }
  const shards = await freeShardCount(target);
  const files = [...Array.from({ length: shards }, (_, i) => shardPath(target, i, shards)), `${target}.index`];
  const bytes = await writeAtomically(files, (sinks) => write(sinks, sorted, complete), signal);
  await removeOtherShards(target, shards);
  return { format, files, bytes, tensors: sorted.length };
}

/**
 * The format in which a checkpoint of this path is written, and the file that makes it one: its index for `tensorflow_v2`, else itself.
 * @throws ArgumentError for a path or format that is none
 */
export function checkpointTarget(
  path: string,
  wanted: WritableFormat | undefined,
): { readonly format: WritableFormat; readonly target: string; readonly marker: string } {
  if (typeof path !== 'string' || path === '' || path.includes('\0') || /(^|[/\\])\.{0,2}$/.test(path)) {
    throw new ArgumentError(`Expected the path of a checkpoint to write, received ${describe(path)}.`);
  }
  const format = wanted ?? (path.endsWith('.safetensors') ? 'safetensors' : 'tensorflow_v2');
  if (!Object.hasOwn(writers, format)) {
    throw new ArgumentError(`Expected format ${Object.keys(writers).join(', ')}, received ${describe(format)}.`);
  }
  const target = resolve(path);
  return { format, target, marker: format === 'tensorflow_v2' ? `${target}.index` : target };
}

type Options = WithDefaults<WriteOptions, typeof defaults>;

/** Writes all entries, and says how many bytes that took. */
type Write = (sinks: readonly FileSink[], entries: readonly CheckpointEntry[], options: Options) => Promise<number>;

const writers: Readonly<Record<WritableFormat, Write>> = {
  tensorflow_v1: counted(([file], entries, options) => writeSlicesV1(file as FileSink, entries, options.crc32c)),
  // The first sink is the data, the last one the index; those between are shards without data.
  tensorflow_v2: counted((sinks, entries, options) =>
    writeBundleV2(sinks.at(-1) as FileSink, sinks[0] as FileSink, sinks.length - 1, entries, options.crc32c),
  ),
  safetensors: counted(([file], entries, options) => writeSafetensors(file as FileSink, entries, options.metadata)),
};

function counted(
  write: (sinks: readonly FileSink[], entries: readonly CheckpointEntry[], options: Options) => Promise<void>,
): Write {
  return async (sinks, entries, options) => {
    await write(sinks, entries, options);
    return sinks.reduce((sum, sink) => sum + sink.bytes, 0);
  };
}
