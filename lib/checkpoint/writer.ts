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
import { writeBundleV2 } from './tensorflow/bundle_v2_writer.js';
import { writeSlicesV1 } from './tensorflow/slices_v1_writer.js';
import type { CheckpointFormat } from './types.js';

/** How to write. */
export interface WriteOptions {
  /** Default: `safetensors` where the path ends so, else `tensorflow_v2`. */
  format?: CheckpointFormat;
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
  readonly format: CheckpointFormat;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly tensors: number;
}

/**
 * Writes a checkpoint atomically: all files are complete and on the disk before any gets its name. Entries are sorted
 * by name, as TensorFlow sorts them; values given as functions are fetched one at a time, so that only one needs to be
 * in memory.
 * @param path a file, or for `tensorflow_v2` the prefix of the `.index` and `.data-00000-of-00001` files.
 * @throws ArgumentError for entries that the format cannot hold; CheckpointError when the system refuses.
 */
export async function writeCheckpoint(
  path: string,
  entries: Iterable<CheckpointEntry> | AsyncIterable<CheckpointEntry>,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const complete = withDefaults('writeCheckpoint', options, defaults);
  const { format, files } = checkpointTarget(path, complete.format);
  const { signal } = complete;
  const write = writers[format];
  throwIfAborted(signal, path);
  const sorted = await collectEntries(entries);
  const body = async (sinks: readonly FileSink[]): Promise<number> => {
    await write(sinks, sorted, complete);
    return sinks.reduce((sum, sink) => sum + sink.bytes, 0);
  };
  const bytes = await writeAtomically(files, body, signal);
  return { format, files, bytes, tensors: sorted.length };
}

/**
 * The format in which a checkpoint of this path is written, and its files in the order in which they appear.
 * @throws ArgumentError for a path or format that is none
 */
export function checkpointTarget(
  path: string,
  wanted: CheckpointFormat | undefined,
): { readonly format: CheckpointFormat; readonly files: readonly string[] } {
  if (typeof path !== 'string' || path === '' || path.includes('\0') || /(^|[/\\])\.{0,2}$/.test(path)) {
    throw new ArgumentError(`Expected the path of a checkpoint to write, received ${describe(path)}.`);
  }
  const format = wanted ?? (path.endsWith('.safetensors') ? 'safetensors' : 'tensorflow_v2');
  if (!Object.hasOwn(writers, format)) {
    throw new ArgumentError(`Expected format ${Object.keys(writers).join(', ')}, received ${describe(format)}.`);
  }
  const target = resolve(path);
  return { format, files: format === 'tensorflow_v2' ? [shardPath(target, 0, 1), `${target}.index`] : [target] };
}

type Write = (
  sinks: readonly FileSink[],
  entries: readonly CheckpointEntry[],
  options: WithDefaults<WriteOptions, typeof defaults>,
) => Promise<void>;

const writers: Readonly<Record<CheckpointFormat, Write>> = {
  tensorflow_v1: ([file], entries, options) => writeSlicesV1(file as FileSink, entries, options.crc32c),
  tensorflow_v2: ([data, index], entries, options) =>
    writeBundleV2(index as FileSink, data as FileSink, entries, options.crc32c),
  safetensors: ([file], entries, options) => writeSafetensors(file as FileSink, entries, options.metadata),
};
