/**
 * Reader for the files of Keras: `.weights.h5` of `save_weights`, `.keras` of `model.save`, which is a zip archive with one, and the older `.h5` of
 * both. The arrays have the names of the weights (names.ts).
 */
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, readRange, throwIfAborted } from '../files/byte_source.js';
import { openZip, readEntry } from '../files/zip.js';
import { byteCount, formatShape } from '../shapes.js';
import type { FormatReader, ReadContext, StoredDType, TensorInfo } from '../types.js';
import { type Hdf5Data, Hdf5File, nameOf } from './hdf5.js';
import { kerasWeights } from './names.js';

/** Where the signature of an HDF5 file may stand. */
const signatureOffsets = [0, 512, 1024, 2048];
const signature = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** True for an HDF5 file. */
export async function isHdf5(source: ByteSource): Promise<boolean> {
  for (const at of signatureOffsets) {
    if (source.size < at + signature.length) return false;
    const start = await readRange(source, at, signature.length, 'The start of the file');
    if (signature.every((byte, i) => start[i] === byte)) return true;
  }
  return false;
}

/** Opens an HDF5 file of Keras, which it closes when asked to. @throws CheckpointError */
export async function openKerasHdf5(source: ByteSource, context: ReadContext): Promise<FormatReader> {
  const bytes = await readRange(source, 0, source.size, 'The file');
  return open(source, bytes, context);
}

/** The file of an archive that holds the weights. */
const weightsEntry = 'model.weights.h5';

/** Opens a .keras file, which it closes when asked to; undefined for another zip archive. @throws CheckpointError */
export async function openKerasArchive(source: ByteSource, context: ReadContext): Promise<FormatReader | undefined> {
  const entry = (await openZip(source)).get(weightsEntry);
  if (entry === undefined) return undefined;
  throwIfAborted(context.signal, source.path);
  const bytes = await readEntry(source, entry, source.size);
  if (crc32(bytes) !== entry.crc32)
    throw new CheckpointError(`${weightsEntry} is damaged: its checksum is another.`, {
      path: source.path,
      hint: 'Copy or download the file again.',
    });
  return open(source, bytes, context);
}

async function open(source: ByteSource, bytes: Uint8Array, context: ReadContext): Promise<FormatReader> {
  throwIfAborted(context.signal, source.path);
  const file = await Hdf5File.open(bytes, source.path);
  try {
    return new KerasReader(source, file, context);
  } catch (error) {
    file.close();
    throw error;
  }
}

const integers: Readonly<Record<number, readonly [unsigned: StoredDType, signed: StoredDType]>> = {
  1: ['uint8', 'int8'],
  4: ['unknown', 'int32'],
  8: ['unknown', 'int64'],
};
const floats: Readonly<Record<number, StoredDType>> = { 2: 'float16', 4: 'float32', 8: 'float64' };

/** Keras keeps bfloat16 as two bytes that mean nothing to HDF5. */
function dtypeOf({ kind, size, isSigned, isLittleEndian }: Hdf5Data): StoredDType {
  if (kind === 5) return size === 2 ? 'bfloat16' : 'unknown';
  if (size > 1 && !isLittleEndian) return 'unknown';
  if (kind === 1) return floats[size] ?? 'unknown';
  if (kind === 0) return integers[size]?.[isSigned ? 1 : 0] ?? 'unknown';
  return 'unknown';
}

class KerasReader implements FormatReader {
  readonly format = 'keras';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly #source: ByteSource;
  readonly #file: Hdf5File;
  readonly #weights: ReadonlyMap<string, Hdf5Data>;
  readonly #context: ReadContext;

  constructor(source: ByteSource, file: Hdf5File, context: ReadContext) {
    this.files = [source.path];
    this.#source = source;
    this.#file = file;
    this.#context = context;
    this.#weights = kerasWeights(file, source.path);
    this.tensors = new Map(
      [...this.#weights].map(([name, data]) => {
        const bytes = byteCount(data.shape, data.size);
        if (bytes === undefined)
          throw new CheckpointError(`${nameOf(data)} has the impossible shape ${formatShape(data.shape)}.`, {
            path: source.path,
          });
        return [name, { name, dtype: dtypeOf(data), shape: data.shape, bytes }];
      }),
    );
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    throwIfAborted(this.#context.signal, this.#source.path);
    this.#file.read(this.#weights.get(info.name) as Hdf5Data, allocate());
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    throw new CheckpointError(`${info.name} holds no strings: weights of Keras cannot.`, { path: this.#source.path });
  }

  async close(): Promise<void> {
    this.#file.close();
    await this.#source.close();
  }
}
