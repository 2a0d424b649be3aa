/** Opening a checkpoint of any format, recognised by its contents, and reading tensors from it by name. */

import { basename, dirname } from 'node:path';
import { allocate, type DType, describe, holds, isDType, type TypedArray } from '../core/dtype.js';
import { type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, CheckpointError, ExecutionError } from '../errors.js';
import { crc32c as ownCrc32c } from '../formats/crc32c.js';
import { type ByteSource, openFile, readRange, throwIfAborted } from './files/byte_source.js';
import { checkpointNames, listFolder, locate } from './locate.js';
import { similarNames } from './restore/similar_names.js';
import { isSafetensors, openSafetensors } from './safetensors/reader.js';
import { formatShape } from './shapes.js';
import { openBundleV2, shardPath } from './tensorflow/bundle_v2.js';
import { kindOfFirstEntry } from './tensorflow/messages.js';
import { openSlicesV1 } from './tensorflow/slices_v1.js';
import { latestCheckpoint } from './tensorflow/state_file.js';
import { isTable, TableReader } from './tensorflow/table_reader.js';
import type {
  CheckpointFormat,
  FormatReader,
  ReadContext,
  ReadOptions,
  StoredRange,
  TensorData,
  TensorInfo,
} from './types.js';

/** An open checkpoint. Values are read when asked for, one tensor at a time. */
export class CheckpointReader {
  readonly format: CheckpointFormat;
  /** What was opened: for a folder its newest checkpoint. */
  readonly path: string;
  /** Paths of the files that are read. */
  readonly files: readonly string[];
  /** Table of contents, in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #inner: FormatReader;
  readonly #maxTensorBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #uses = new Set<Promise<unknown>>();
  #closed = false;

  constructor(path: string, inner: FormatReader, options: ReadOptions) {
    this.format = inner.format;
    this.path = path;
    this.files = inner.files;
    this.tensors = inner.tensors;
    this.#inner = inner;
    this.#maxTensorBytes = options.maxTensorBytes ?? Number.POSITIVE_INFINITY;
    this.#signal = options.signal;
  }

  /**
   * Reads a tensor of numbers into a new array.
   * @throws CheckpointError when there is none of that name, it is damaged, too large, or of a dtype without numbers.
   */
  async read(name: string): Promise<TensorData> {
    const { info, dtype } = this.#numeric(name);
    let data: TypedArray = allocate(dtype, 0);
    await this.#inner.load(info, () => {
      data = this.#allocate(info, dtype);
      return bytesView(data);
    });
    return { dtype, shape: info.shape, data };
  }

  /**
   * Reads a tensor of numbers into an array of the caller's, of the tensor's dtype and number of elements. Where this
   * throws, the array may hold a part of the values.
   */
  async readInto(name: string, target: TypedArray): Promise<void> {
    const { info, dtype } = this.#numeric(name);
    if (!holds(dtype, target) || target.byteLength !== info.bytes) {
      const received = ArrayBuffer.isView(target)
        ? `${describe(target)} of ${target.byteLength} bytes`
        : describe(target);
      throw new ArgumentError(
        `Expected an array for ${name}, ${dtype} ${formatShape(info.shape)}, ${info.bytes} bytes, ` +
          `received ${received}.`,
        { path: this.path },
      );
    }
    await this.#inner.load(info, () => bytesView(target));
  }

  /**
   * Where all bytes of a tensor of numbers stand in a file as they are in memory; undefined where they do not. Whoever reads them
   * there checks them, and does so within `use`.
   * @throws CheckpointError as `read` does, but for damage
   */
  range(name: string): StoredRange | undefined {
    return this.#inner.range?.(this.#numeric(name).info);
  }

  /** Reads a tensor of dtype `string`, row-major, as bytes. @throws CheckpointError */
  async readStrings(name: string): Promise<Uint8Array[]> {
    const info = this.#info(name);
    if (info.dtype !== 'string') {
      throw new CheckpointError(`Expected strings under ${name}, received ${info.dtype}.`, { path: this.path });
    }
    return this.#inner.loadStrings(info);
  }

  /**
   * Does work that reads ranges of the files: they stay open until it has ended, whoever closes the checkpoint meanwhile.
   * @throws ExecutionError (ERR_DISPOSED) when it is closed
   */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#closedError('it');
    const working = work();
    this.#uses.add(working);
    try {
      return await working;
    } finally {
      this.#uses.delete(working);
    }
  }

  /** Closes the files. Further reads fail with an ExecutionError (ERR_DISPOSED); closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.allSettled(this.#uses);
    await this.#inner.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #info(name: string): TensorInfo {
    if (this.#closed) throw this.#closedError(name);
    throwIfAborted(this.#signal, this.path);
    const info = this.tensors.get(name);
    if (info === undefined) {
      const near = similarNames(name, this.tensors.keys());
      throw new CheckpointError(`Key ${name} not found in checkpoint, which has ${this.tensors.size} tensors.`, {
        path: this.path,
        ...(near.length === 0 ? {} : { hint: `Similar names: ${near.join(', ')}.` }),
      });
    }
    if (info.bytes > this.#maxTensorBytes) {
      throw new CheckpointError(`${name} takes ${info.bytes} bytes, more than the limit of ${this.#maxTensorBytes}.`, {
        path: this.path,
        hint: 'Raise maxTensorBytes.',
      });
    }
    return info;
  }

  #closedError(what: string): ExecutionError {
    return new ExecutionError(`${what} cannot be read: the checkpoint was closed.`, {
      code: 'ERR_DISPOSED',
      path: this.path,
    });
  }

  #numeric(name: string): { info: TensorInfo; dtype: DType } {
    const info = this.#info(name);
    if (isDType(info.dtype)) return { info, dtype: info.dtype };
    throw new CheckpointError(`${name} is of dtype ${info.dtype}, which cannot be read as numbers.`, {
      path: this.path,
      ...(info.dtype === 'string' ? { hint: 'Use readStrings.' } : {}),
    });
  }

  #allocate(info: TensorInfo, dtype: DType): TypedArray {
    try {
      return allocate(
        dtype,
        info.shape.reduce((count, dimension) => count * dimension, 1),
      );
    } catch (cause) {
      throw new CheckpointError(`${info.bytes} bytes of memory for ${info.name} could not be allocated.`, {
        code: 'ERR_MEMORY',
        path: this.path,
        cause,
      });
    }
  }
}

function bytesView(array: TypedArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

const defaults = {
  crc32c: ownCrc32c,
  maxTensorBytes: Number.POSITIVE_INFINITY,
  signal: undefined,
} satisfies Defaults<ReadOptions>;

/**
 * Opens a checkpoint.
 * @param path a TensorFlow V1 file (also sharded), the prefix or `.index` file of a V2 checkpoint, a safetensors file,
 * or a folder,
 *   which means its newest checkpoint according to its `checkpoint` file.
 * @throws CheckpointError when there is none, or it is damaged or of an unknown kind.
 */
export async function openCheckpoint(path: string, options: ReadOptions = {}): Promise<CheckpointReader> {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new ArgumentError(`Expected the path of a checkpoint, received ${describe(path)}.`);
  }
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new CheckpointError('Checkpoints are read and written on little-endian machines only.', { path });
  }
  const { crc32c, signal, maxTensorBytes } = withDefaults('openCheckpoint', options, defaults);
  if (!(maxTensorBytes >= 0)) {
    throw new ArgumentError(`Expected maxTensorBytes to be a number of bytes, received ${describe(maxTensorBytes)}.`);
  }
  const context: ReadContext = { crc32c, signal };
  throwIfAborted(options.signal, path);
  const location = await locate(path);
  switch (location.kind) {
    case 'index':
      return new CheckpointReader(location.prefix, await openPrefix(location.prefix, context), options);
    case 'shards':
      return new CheckpointReader(path, await openShards(location.paths, context), options);
    case 'file':
      return new CheckpointReader(path, await openByContent(path, context), options);
    case 'folder': {
      const latest = await latestCheckpoint(path);
      if (latest !== null) return openCheckpoint(latest, options);
      throw new CheckpointError('The folder has no `checkpoint` file that names an existing checkpoint.', {
        path,
        hint: await folderHint(path),
      });
    }
    case 'none': {
      const near = similarNames(basename(path), await checkpointNames(dirname(path)));
      throw new CheckpointError('There is no checkpoint of that name.', {
        path,
        ...(near.length === 0 ? {} : { hint: `The folder has ${near.join(', ')}.` }),
      });
    }
  }
}

async function folderHint(folder: string): Promise<string> {
  const files = (await listFolder(folder)).filter((file) => /\.(index|ckpt|safetensors)$|\.ckpt-\d+$/.test(file));
  return files.length === 0
    ? 'Give the checkpoint itself.'
    : `Give the checkpoint itself, such as ${files.slice(0, 3).sort().join(', ')}.`;
}

/** Runs `use` on opened sources and closes them when it fails; otherwise what it returns has taken them over. */
async function withSources<T>(paths: readonly string[], use: (sources: ByteSource[]) => Promise<T>): Promise<T> {
  const sources: ByteSource[] = [];
  try {
    for (const path of paths) sources.push(await openFile(path));
    return await use(sources);
  } catch (error) {
    // The first error is the one to report.
    for (const source of sources) await source.close().catch(() => undefined);
    throw error;
  }
}

function openPrefix(prefix: string, context: ReadContext): Promise<FormatReader> {
  return withSources([`${prefix}.index`], ([index]) => openIndex(index as ByteSource, prefix, context));
}

function openIndex(index: ByteSource, prefix: string, context: ReadContext): Promise<FormatReader> {
  return openBundleV2(index, (shard, shards) => openFile(shardPath(prefix, shard, shards)), context);
}

function openShards(paths: readonly string[], context: ReadContext): Promise<FormatReader> {
  return withSources(paths, (sources) => openSlicesV1(sources, context));
}

function openByContent(path: string, context: ReadContext): Promise<FormatReader> {
  return withSources([path], async ([file]) => {
    const source = file as ByteSource;
    if (await isTable(source)) {
      const first = await (await TableReader.open(source, context)).first();
      if (first === undefined || kindOfFirstEntry(first.value) !== 'header') return openSlicesV1([source], context);
      const prefix = path.replace(/\.index$/, '');
      if (prefix !== path) return openIndex(source, prefix, context);
      throw new CheckpointError(
        'This is the index of a TensorFlow V2 checkpoint, but its name does not end in .index.',
        {
          path,
          hint: 'Rename it, so that its data files can be found.',
        },
      );
    }
    if (await isSafetensors(source)) return openSafetensors(source, context);
    throw new CheckpointError('Expected a TensorFlow or safetensors checkpoint, received a file of another kind.', {
      path,
      offset: 0,
      hint: await contentHint(source),
    });
  });
}

/** What a file that is no checkpoint may be, by its first bytes and its name. */
async function contentHint(source: ByteSource): Promise<string> {
  const start = await readRange(source, 0, Math.min(64, source.size), 'The start of the file');
  const text = Buffer.from(start).toString('latin1');
  if (source.size === 0) return 'The file is empty.';
  if (/\.data-\d{5}-of-\d{5}$/.test(source.path)) return 'This is a data file: its .index file is needed as well.';
  if (source.path.endsWith('.meta')) return 'This is a graph, not a checkpoint: leave the .meta off.';
  if (text.startsWith('\x1f\x8b')) return 'The file is compressed with gzip: unpack it first (tar xzf).';
  if (text.startsWith('PK')) return 'The file is a zip archive, perhaps of PyTorch: convert it to safetensors.';
  if (text.startsWith('\x89HDF')) return 'The file is HDF5 (Keras): save the weights as a TensorFlow checkpoint.';
  if (text.startsWith('version https://git-lfs')) return 'This is a Git LFS pointer: run git lfs pull.';
  if (/^\s*</.test(text)) return 'This is a web page, perhaps the message of a failed download.';
  return 'The file was cut off, or is no checkpoint at all.';
}
