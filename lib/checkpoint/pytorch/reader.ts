/**
 * Reader for the files of `torch.save`, as PyTorch writes them since 1.6: a zip archive with a pickle that describes tensors
 * (`data.pkl`), and a file for the values of each (`data/<key>`). Of a dictionary of dictionaries the names are joined by dots. The
 * pickle is read as data: nothing that it names is called.
 */
import { crc32 } from 'node:zlib';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, readRange, readWithCrc, throwIfAborted } from '../files/byte_source.js';
import { openZip, readEntry, type ZipEntry } from '../files/zip.js';
import { byteCount, elementCount, formatShape } from '../shapes.js';
import type { FormatReader, ReadContext, TensorInfo } from '../types.js';
import { PickleError, type PickleValue, unpickle } from './pickle.js';
import { StoredTensor, stateDictWorld } from './world.js';

/** A description of more bytes than this is refused: that of a large network has some hundred thousand. */
const maxPickleBytes = 1 << 28;

/** More values in all dictionaries and lists together than this are refused. */
const maxValues = 2_000_000;
const maxDepth = 64;

/** The folder of an archive's own files, with its slash; undefined where it is none of `torch.save`. */
function folderOf(entries: ReadonlyMap<string, ZipEntry>): string | undefined {
  const [name, ...others] = [...entries.keys()].filter((entry) => /^([^/]*\/)?data\.pkl$/.test(entry));
  if (name === undefined || others.length > 0) return undefined;
  const folder = name.slice(0, -'data.pkl'.length);
  // TorchScript's have a program besides.
  return entries.has(`${folder}constants.pkl`) ? undefined : folder;
}

/** Opens a file of `torch.save`, which it closes when asked to; undefined for another zip archive. @throws CheckpointError */
export async function openPytorch(source: ByteSource, context: ReadContext): Promise<FormatReader | undefined> {
  const entries = await openZip(source);
  const folder = folderOf(entries);
  if (folder === undefined) return undefined;
  throwIfAborted(context.signal, source.path);
  await assertLittleEndian(source, entries.get(`${folder}byteorder`));
  const pickle = await readEntry(source, entries.get(`${folder}data.pkl`) as ZipEntry, maxPickleBytes);
  const tensors = new Map<string, Located>();
  for (const [name, tensor] of tensorsIn(unpickled(pickle, source.path), source.path)) {
    tensors.set(name, located(name, tensor, entries.get(`${folder}data/${tensor.storage.key}`), source.path));
  }
  return new PytorchReader(source, tensors, context);
}

async function assertLittleEndian(source: ByteSource, entry: ZipEntry | undefined): Promise<void> {
  if (entry === undefined) return;
  const order = Buffer.from(await readEntry(source, entry, 16)).toString('latin1');
  if (order === 'little') return;
  throw new CheckpointError(`Expected values in little-endian order, received ${JSON.stringify(order)}.`, {
    path: source.path,
  });
}

function unpickled(pickle: Uint8Array, path: string): PickleValue {
  try {
    return unpickle(pickle, stateDictWorld);
  } catch (cause) {
    if (!(cause instanceof PickleError)) throw cause;
    const { refused, offset } = cause;
    throw new CheckpointError(
      `Expected tensors with names, received a PyTorch file with more in its pickle: at byte ${offset}, ${cause.message}.`,
      {
        path,
        cause,
        hint:
          refused === undefined
            ? 'The file is damaged: copy or download it again.'
            : 'slimnet calls nothing that a file names. Save the tensors alone, as model.state_dict() gives them, or convert them to safetensors: docs/foreign_weights.md.',
      },
    );
  }
}

/** The tensors of nested dictionaries and lists, by their paths. */
function tensorsIn(value: PickleValue, path: string): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  let values = 0;
  const visit = (name: string, item: PickleValue, depth: number): void => {
    values++;
    if (values > maxValues || depth > maxDepth) {
      throw new CheckpointError(
        `Expected at most ${maxValues} values in dictionaries within ${maxDepth} others, received more.`,
        { path },
      );
    }
    if (item instanceof StoredTensor) {
      if (tensors.has(name)) throw new CheckpointError(`Two tensors have the name ${name}.`, { path });
      tensors.set(name, item);
      return;
    }
    const children = item instanceof Map ? item : Array.isArray(item) ? item.entries() : [];
    for (const [key, child] of children) {
      if (typeof key !== 'string' && typeof key !== 'number') continue;
      visit(name === '' ? String(key) : `${name}.${key}`, child, depth + 1);
    }
  };
  if (!(value instanceof Map)) {
    throw new CheckpointError('Expected a dictionary of tensors in this PyTorch file, received something else.', {
      path,
      hint: 'Save the tensors with their names, as model.state_dict() gives them.',
    });
  }
  visit('', value, 0);
  return tensors;
}

/** A tensor and the file of its values. */
interface Located {
  readonly info: TensorInfo;
  readonly tensor: StoredTensor;
  readonly entry: ZipEntry;
}

function located(name: string, tensor: StoredTensor, entry: ZipEntry | undefined, path: string): Located {
  const { dtype, shape, strides, offset, storage } = tensor;
  const bytes = byteCount(shape, dtype.bytes);
  if (bytes === undefined)
    throw new CheckpointError(`${name} has the impossible shape ${formatShape(shape)}.`, { path });
  if (entry === undefined) {
    throw new CheckpointError(`The values of ${name} are missing: the archive has no data/${storage.key}.`, { path });
  }
  const last = shape.reduce((at, dimension, i) => at + (dimension - 1) * (strides[i] as number), offset);
  if (bytes > 0 && !((last + 1) * dtype.bytes <= entry.bytes)) {
    throw new CheckpointError(
      `${name} ${formatShape(shape)} ends at byte ${(last + 1) * dtype.bytes} of its values, of which there are ${entry.bytes}.`,
      { path },
    );
  }
  return { info: { name, dtype: dtype.name, shape, bytes }, tensor, entry };
}

class PytorchReader implements FormatReader {
  readonly format = 'pytorch';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly #source: ByteSource;
  readonly #located: ReadonlyMap<string, Located>;
  readonly #context: ReadContext;

  constructor(source: ByteSource, found: ReadonlyMap<string, Located>, context: ReadContext) {
    this.files = [source.path];
    this.tensors = new Map([...found].map(([name, { info }]) => [name, info]));
    this.#source = source;
    this.#located = found;
    this.#context = context;
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    const { tensor, entry } = this.#located.get(info.name) as Located;
    throwIfAborted(this.#context.signal, this.#source.path);
    const start = await entry.offset();
    const { bytes: width } = tensor.dtype;
    const target = allocate();
    if (info.bytes === entry.bytes && isContiguous(tensor)) {
      const found = await readWithCrc(this.#source, target, start, this.#context, (chunk, before) =>
        crc32(chunk, before),
      );
      if (found !== entry.crc32) throw this.#damaged(info);
    } else if (isContiguous(tensor)) {
      await this.#source.readInto(target, start + tensor.offset * width);
    } else {
      const values = await readRange(this.#source, start, entry.bytes, `The values of ${info.name}`);
      gather(tensor, values, target);
    }
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    throw new CheckpointError(`${info.name} holds no strings: tensors of PyTorch cannot.`, { path: this.#source.path });
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  #damaged(info: TensorInfo): CheckpointError {
    return new CheckpointError(`The values of ${info.name} are damaged: their checksum is another.`, {
      path: this.#source.path,
      hint: 'Copy or download the file again.',
    });
  }
}

/** True where the values stand one behind the other, row-major. */
function isContiguous({ shape, strides }: StoredTensor): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const dimension = shape[i] as number;
    if (dimension !== 1 && strides[i] !== expected) return elementCount(shape) === 0;
    expected *= dimension;
  }
  return true;
}

/** Puts the elements of a tensor with other strides, such as a transposed one, row-major. */
function gather(
  { shape, strides, offset, dtype: { bytes } }: StoredTensor,
  values: Uint8Array,
  target: Uint8Array,
): void {
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < target.length; to += bytes) {
    target.set(values.subarray(from * bytes, (from + 1) * bytes), to);
    for (let i = shape.length - 1; i >= 0; i--) {
      const stride = strides[i] as number;
      index[i] = (index[i] as number) + 1;
      from += stride;
      if ((index[i] as number) < (shape[i] as number)) break;
      from -= stride * (shape[i] as number);
      index[i] = 0;
    }
  }
}
