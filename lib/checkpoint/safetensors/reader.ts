/**
 * Reader for safetensors files: the length of a header (uint64), the header (JSON: dtype, shape and byte range of each
 * tensor), then the values as plain little-endian bytes. The format has no checksums: what can be verified is that the
 * ranges fit the shapes and cover the data exactly once.
 */
import { duplicateKey } from '../../core/json.js';
import { CheckpointError } from '../../errors.js';
import { type ByteSource, checkRange, readRange, throwIfAborted } from '../files/byte_source.js';
import { byteCount, elementCount, formatShape } from '../shapes.js';
import type { FormatReader, ReadContext, StoredDType, StoredRange, TensorInfo } from '../types.js';

/** The format's own limit for the header. */
export const maxHeaderBytes = 100_000_000;

/** The key under which a header may hold free text. */
export const metadataKey = '__metadata__';

/** The format's names for element types, and their widths in bytes. */
const types: ReadonlyMap<string, { dtype: StoredDType; bytes: number }> = new Map([
  ['F64', { dtype: 'float64', bytes: 8 }],
  ['F32', { dtype: 'float32', bytes: 4 }],
  ['F16', { dtype: 'float16', bytes: 2 }],
  ['BF16', { dtype: 'bfloat16', bytes: 2 }],
  ['I64', { dtype: 'int64', bytes: 8 }],
  ['I32', { dtype: 'int32', bytes: 4 }],
  ['I16', { dtype: 'int16', bytes: 2 }],
  ['I8', { dtype: 'int8', bytes: 1 }],
  ['U64', { dtype: 'uint64', bytes: 8 }],
  ['U32', { dtype: 'uint32', bytes: 4 }],
  ['U16', { dtype: 'uint16', bytes: 2 }],
  ['U8', { dtype: 'uint8', bytes: 1 }],
  ['BOOL', { dtype: 'bool', bytes: 1 }],
  ['C64', { dtype: 'complex64', bytes: 8 }],
  ['F8_E5M2', { dtype: 'float8_e5m2', bytes: 1 }],
  ['F8_E4M3', { dtype: 'float8_e4m3fn', bytes: 1 }],
]);

/** The format's name for each element type of ours. */
export const typeNames: ReadonlyMap<StoredDType, string> = new Map(
  [...types].map(([name, { dtype }]) => [dtype, name]),
);

interface StoredTensor {
  readonly info: TensorInfo;
  readonly begin: number;
  readonly end: number;
}

/** True when a source starts like a safetensors file: a plausible header length, then a brace. */
export async function isSafetensors(source: ByteSource): Promise<boolean> {
  if (source.size < 10) return false;
  const start = await readRange(source, 0, 9, 'The start of the file');
  const length = new DataView(start.buffer).getBigUint64(0, true);
  return start[8] === 0x7b && (length <= BigInt(source.size) || length <= BigInt(maxHeaderBytes));
}

/** Opens a safetensors file, which it closes when asked to. @throws CheckpointError */
export async function openSafetensors(source: ByteSource, context: ReadContext): Promise<FormatReader> {
  const prefix = await readRange(source, 0, 8, "The header's length");
  const declared = new DataView(prefix.buffer).getBigUint64(0, true);
  if (declared > BigInt(maxHeaderBytes)) {
    throw new CheckpointError(`Expected a header of at most ${maxHeaderBytes} bytes, received ${declared}.`, {
      path: source.path,
      offset: 0,
    });
  }
  const length = Number(declared);
  const header = await readRange(source, 8, length, 'The header');
  throwIfAborted(context.signal, source.path);
  const parsed = parseHeader(header, source.path);
  checkCover(parsed.tensors, source.size - 8 - length, source.path);
  return new SafetensorsReader(source, 8 + length, parsed, context);
}

interface Header {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

function parseHeader(header: Uint8Array, path: string): Header {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`The header is no JSON in UTF-8: ${String((cause as Error).message)}.`, {
      path,
      offset: 8,
      cause,
    });
  }
  if (!isRecord(json) || text[0] !== '{') {
    throw new CheckpointError('Expected a header that is a JSON object.', { path, offset: 8 });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new CheckpointError(`The header has the key ${JSON.stringify(twice)} twice.`, { path, offset: 8 });
  }
  const tensors: StoredTensor[] = [];
  for (const [name, entry] of Object.entries(json)) {
    if (name !== metadataKey) tensors.push(parseEntry(name, entry, path));
  }
  return { tensors, metadata: Object.hasOwn(json, metadataKey) ? parseMetadata(json[metadataKey], path) : {} };
}

function parseMetadata(entry: unknown, path: string): Readonly<Record<string, string>> {
  if (isRecord(entry) && Object.values(entry).every((value) => typeof value === 'string'))
    return entry as Readonly<Record<string, string>>;
  throw new CheckpointError(`Expected ${metadataKey} to be an object of strings.`, { path, offset: 8 });
}

function parseEntry(name: string, entry: unknown, path: string): StoredTensor {
  const fail = (what: string): CheckpointError =>
    new CheckpointError(`The stored tensor ${JSON.stringify(name)} ${what}.`, { path, offset: 8 });
  if (name === '') throw fail('has no name');
  if (!isRecord(entry)) throw fail('is described by something other than an object');
  const { dtype: typeName, shape, data_offsets: offsets, ...others } = entry;
  const [other] = Object.keys(others);
  if (other !== undefined) throw fail(`has the unknown property ${JSON.stringify(other)}`);
  const type = typeof typeName === 'string' ? types.get(typeName) : undefined;
  if (type === undefined) throw fail(`has the unknown data type ${JSON.stringify(typeName)}`);
  if (!isNumbers(shape) || elementCount(shape) === undefined)
    throw fail(`has the impossible shape ${JSON.stringify(shape)}`);
  if (
    !isNumbers(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0)
  ) {
    throw fail(`has the impossible range ${JSON.stringify(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = byteCount(shape, type.bytes);
  if (bytes === undefined || end - begin !== bytes) {
    throw fail(`has ${end - begin} bytes, but ${typeName} ${formatShape(shape)} takes ${bytes ?? 'over 2^53'}`);
  }
  return { info: { name, dtype: type.dtype, shape, bytes }, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

/** The format wants the ranges to follow each other without holes or overlaps, up to the end of the file. */
function checkCover(tensors: readonly StoredTensor[], dataBytes: number, path: string): void {
  const sorted = [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const { info, begin, end: next } of sorted) {
    if (begin !== end) {
      const what = begin < end ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `The stored tensor ${JSON.stringify(info.name)} ${what}: ` +
          `expected its values at byte ${end} of the data, received ${begin}.`,
        { path, offset: 8 },
      );
    }
    end = next;
  }
  if (end !== dataBytes) {
    throw new CheckpointError(`Expected ${end} bytes of data after the header, received ${dataBytes}.`, {
      path,
      offset: 8,
      hint: 'The file was cut off or has something appended: copy or download it again.',
    });
  }
}

class SafetensorsReader implements FormatReader {
  readonly format = 'safetensors';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly #source: ByteSource;
  readonly #dataStart: number;
  readonly #stored: ReadonlyMap<string, StoredTensor>;
  readonly #context: ReadContext;

  constructor(source: ByteSource, dataStart: number, { tensors, metadata }: Header, context: ReadContext) {
    this.files = [source.path];
    this.metadata = metadata;
    this.tensors = new Map(tensors.map(({ info }) => [info.name, info]));
    this.#source = source;
    this.#dataStart = dataStart;
    this.#stored = new Map(tensors.map((tensor) => [tensor.info.name, tensor]));
    this.#context = context;
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    const { offset } = this.range(info);
    throwIfAborted(this.#context.signal, this.#source.path);
    await this.#source.readInto(allocate(), offset);
  }

  range(info: TensorInfo): StoredRange {
    const offset = this.#dataStart + (this.#stored.get(info.name) as StoredTensor).begin;
    checkRange(this.#source, offset, info.bytes, `The data of ${info.name}`);
    return { source: this.#source, offset };
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    throw new CheckpointError(`${info.name} holds no strings: safetensors files cannot.`, { path: this.#source.path });
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}
