/** Files of safetensors or PyTorch that hold parts of one checkpoint, by the index beside them: JSON that names the file of each tensor. */
import { dirname, join } from 'node:path';
import { describe } from '../core/dtype.js';
import { parseJson } from '../core/json.js';
import { decodeText, type TextFailure } from '../core/text.js';
import { CheckpointError } from '../errors.js';
import { type ByteSource, openFile, readRange } from './files/byte_source.js';
import { isZip } from './files/zip.js';
import { openPytorch } from './pytorch/reader.js';
import { isSafetensors, openSafetensors } from './safetensors/reader.js';
import type { CheckpointFormat, FormatReader, ReadContext, StoredRange, TensorInfo } from './types.js';

/** True for the name of such an index. */
export function isShardIndex(path: string): boolean {
  return /\.(safetensors|bin)\.index\.json$/.test(path);
}

/** An index of more bytes than this is refused. */
const maxIndexBytes = 1 << 26;

/** More files than this are refused. */
const maxShards = 4096;

/** Opens all files of an index, which it closes at once. @throws CheckpointError */
export async function openShards(index: ByteSource, context: ReadContext): Promise<FormatReader> {
  const { path, size } = index;
  const fail: TextFailure = (what, details) => new CheckpointError(`The index: ${what}.`, { path, ...details });
  if (size > maxIndexBytes) throw fail(`expected at most ${maxIndexBytes} bytes, received ${size}`);
  const text = decodeText(await readRange(index, 0, size, 'The index'), fail);
  const fileOf = weightMap(parseJson(text, fail), fail);
  const readers = new Map<string, FormatReader>();
  try {
    for (const file of new Set(fileOf.values())) readers.set(file, await openShard(join(dirname(path), file), context));
    const tensors = new Map<string, TensorInfo>();
    for (const [name, file] of fileOf) {
      const info = (readers.get(file) as FormatReader).tensors.get(name);
      if (info === undefined) throw fail(`${name} is not in ${file}`);
      tensors.set(name, info);
    }
    await index.close();
    return new ShardedReader(path, tensors, fileOf, readers);
  } catch (error) {
    for (const reader of readers.values()) await reader.close().catch(() => undefined);
    throw error;
  }
}

async function openShard(path: string, context: ReadContext): Promise<FormatReader> {
  const source = await openFile(path);
  try {
    if (await isSafetensors(source)) return await openSafetensors(source, context);
    const opened = (await isZip(source)) ? await openPytorch(source, context) : undefined;
    if (opened !== undefined) return opened;
    throw new CheckpointError('Expected a file of safetensors or PyTorch, as the index says.', { path });
  } catch (error) {
    await source.close().catch(() => undefined);
    throw error;
  }
}

/** The file of each tensor. Files stand beside the index: a path would reach what it has no business with. */
function weightMap(json: unknown, fail: TextFailure): ReadonlyMap<string, string> {
  const map = typeof json === 'object' && json !== null && 'weight_map' in json ? json.weight_map : undefined;
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    throw fail(`weight_map: expected an object, received ${describe(map)}`);
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[^/\\\0]+\.(safetensors|bin)$/.test(file))
      throw fail(
        `weight_map: ${name}: expected the name of a file of safetensors or PyTorch, received ${describe(file)}`,
      );
    files.set(name, file);
  }
  const count = new Set(files.values()).size;
  if (count < 1 || count > maxShards) throw fail(`expected 1 to ${maxShards} files, received ${count}`);
  return files;
}

class ShardedReader implements FormatReader {
  readonly format: CheckpointFormat;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #fileOf: ReadonlyMap<string, string>;
  readonly #readers: ReadonlyMap<string, FormatReader>;

  constructor(
    path: string,
    tensors: ReadonlyMap<string, TensorInfo>,
    fileOf: ReadonlyMap<string, string>,
    readers: ReadonlyMap<string, FormatReader>,
  ) {
    const all = [...readers.values()];
    this.format = (all[0] as FormatReader).format;
    this.files = [path, ...all.flatMap(({ files }) => files)];
    this.tensors = tensors;
    this.metadata = Object.assign({}, ...all.map(({ metadata }) => metadata));
    this.#fileOf = fileOf;
    this.#readers = readers;
  }

  #readerOf({ name }: TensorInfo): FormatReader {
    return this.#readers.get(this.#fileOf.get(name) as string) as FormatReader;
  }

  load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    return this.#readerOf(info).load(info, allocate);
  }

  range(info: TensorInfo): StoredRange | undefined {
    return this.#readerOf(info).range?.(info);
  }

  loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    return this.#readerOf(info).loadStrings(info);
  }

  async close(): Promise<void> {
    for (const reader of this.#readers.values()) await reader.close();
  }
}
