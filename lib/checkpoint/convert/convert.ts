/** Turning a checkpoint of one format into one of another. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Defaults, defined, withDefaults } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import type { Crc32c } from '../../formats/crc32c.js';
import { assertNoFolder, assertWritable } from '../files/targets.js';
import { openCheckpoint } from '../open.js';
import { CheckpointReader } from '../reader.js';
import { dataFiles } from '../tensorflow/bundle_v2_shards.js';
import type { CheckpointFormat, WritableFormat } from '../types.js';
import { checkpointTarget, type WriteResult, writeCheckpoint } from '../writer.js';
import { checkPrefixes, checkRename, chosenTensors, newNames, type Rename } from './names.js';
import { type CastDType, type CastResult, ConvertedValues, checkCast } from './values.js';

/** What to convert, and how. */
export interface ConvertOptions {
  /** Default: `safetensors` where the destination ends so, else `tensorflow_v2`. */
  format?: WritableFormat;
  /** Only tensors whose name starts with one of these. */
  include?: readonly string[];
  /** Not those whose name starts with one of these. */
  exclude?: readonly string[];
  /**
   * `[old, new]`: a name that starts with the old prefix gets the new one, and the first that fits a name counts. Or an object of new names
   * by old ones.
   */
  rename?: Rename;
  /** Floats of other types become floats of this one, rounded to the nearest. Integers stay as they are. */
  cast?: CastDType;
  /** Moving averages (`<variable>/ExponentialMovingAverage`) take the names and the place of their variables. Default false. */
  useMovingAverages?: boolean;
  /** Replaces files that exist. Default false: they are an error. */
  overwrite?: boolean;
  /** A faster CRC-32C than the built-in one. */
  crc32c?: Crc32c;
  /** Aborts with an ExecutionError, code ERR_ABORTED; nothing is left behind. */
  signal?: AbortSignal;
  /** Free text for the header of a safetensors file, besides what the header of the source has. */
  metadata?: Readonly<Record<string, string>>;
}

/** What was converted. */
export interface ConvertResult extends WriteResult {
  /** What was read: for a folder its newest checkpoint. */
  readonly source: { readonly path: string; readonly format: CheckpointFormat; readonly tensors: number };
  /** Where a cast was asked for. */
  readonly cast?: CastResult;
}

const defaults = {
  format: undefined,
  include: undefined,
  exclude: [],
  rename: [],
  cast: undefined,
  useMovingAverages: false,
  overwrite: false,
  crc32c: undefined,
  signal: undefined,
  metadata: undefined,
} satisfies Defaults<ConvertOptions>;

/**
 * Writes the tensors of a checkpoint as another one, of another format or under other names. One tensor at a time is in memory. Shapes
 * stay as they are, and so do values unless a cast is asked for: what a format cannot hold (strings in safetensors; bfloat16, uint32 and uint64 in TensorFlow V1;
 * complex and quantized types in any, and float8 without a cast) is an error that names the tensor, and nothing is written.
 * @param source its path, or an open checkpoint, which stays open and is read by the options that it was opened with
 * @throws ArgumentError for options, names that collide, files that exist, and what the format cannot hold; CheckpointError when the
 * source is missing or damaged, a value is out of the range of the cast, or the system refuses
 */
export async function convertCheckpoint(
  source: string | CheckpointReader,
  destination: string,
  options: ConvertOptions = {},
): Promise<ConvertResult> {
  const {
    include,
    exclude,
    rename,
    cast,
    useMovingAverages,
    overwrite,
    format: wanted,
    metadata,
    ...reading
  } = withDefaults('convertCheckpoint', options, defaults);
  const choice = { include, exclude, useMovingAverages };
  checkPrefixes(choice);
  checkCast(cast);
  checkRename(rename);
  const { format, target, marker } = checkpointTarget(destination, wanted);
  const reader = source instanceof CheckpointReader ? source : await openCheckpoint(source, defined(reading));
  try {
    const chosen = chosenTensors(reader, format, choice);
    const values = new ConvertedValues(reader, chosen, cast);
    const entries = values.entries(newNames(chosen, rename));
    await assertNoFolder(destination);
    const inTheWay = format === 'tensorflow_v2' ? (await dataFiles(target)).map(({ path }) => path) : [];
    await assertWritable([marker, ...inTheWay], reader.files, overwrite);
    if (format === 'tensorflow_v1') await assertVisible(destination);
    const all = format === 'safetensors' ? { ...reader.metadata, ...metadata } : {};
    const kept = Object.keys(all).length === 0 ? undefined : all;
    const written = await writeCheckpoint(destination, entries, defined({ ...reading, metadata: kept, format }));
    return {
      ...written,
      source: { path: reader.path, format: reader.format, tensors: reader.tensors.size },
      ...defined({ cast: values.castResult }),
    };
  } finally {
    if (reader !== source) await reader.close();
  }
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
