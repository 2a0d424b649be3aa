/** What the writers write: checked entries whose values are fetched one at a time. */
import { bytesOf, type DType, describe, dtypes, holds, isDType, type TypedArray } from '../core/dtype.js';
import { ArgumentError } from '../errors.js';
import { elementCount, formatShape } from './shapes.js';

/** A value, or a function that gives it when its turn comes, so that only one tensor needs to be in memory. */
export type Lazy<T> = T | (() => T | Promise<T>);

/** A tensor of numbers to write; `data` is row-major, of the array type that `dtypes[dtype]` names. */
export interface NumericEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Lazy<TypedArray>;
}

/** A tensor of strings to write (TensorFlow formats only); text is encoded as UTF-8. */
export interface StringEntry {
  readonly name: string;
  readonly dtype: 'string';
  readonly shape: readonly number[];
  readonly data: Lazy<readonly (string | Uint8Array)[]>;
}

export type CheckpointEntry = NumericEntry | StringEntry;

/** Checks names, dtypes and shapes and sorts by the bytes of the names, as TensorFlow does. @throws ArgumentError */
export async function collectEntries(
  entries: Iterable<CheckpointEntry> | AsyncIterable<CheckpointEntry>,
): Promise<CheckpointEntry[]> {
  const seen = new Set<string>();
  const result: CheckpointEntry[] = [];
  for await (const entry of entries) {
    checkEntry(entry);
    if (seen.has(entry.name))
      throw new ArgumentError(`There are two tensors named ${JSON.stringify(entry.name)} to write.`);
    seen.add(entry.name);
    result.push(entry);
  }
  return result.sort((a, b) => Buffer.compare(Buffer.from(a.name, 'utf8'), Buffer.from(b.name, 'utf8')));
}

function checkEntry({ name, dtype, shape }: CheckpointEntry): void {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || Buffer.from(name, 'utf8').toString() !== name) {
    throw new ArgumentError(`Expected a tensor name (text, not empty, no zero character), received ${describe(name)}.`);
  }
  if (dtype !== 'string' && !isDType(dtype)) {
    throw new ArgumentError(
      `Expected a dtype for ${name} (${Object.keys(dtypes).join(', ')} or string), received ${describe(dtype)}.`,
    );
  }
  if (!Array.isArray(shape) || elementCount(shape) === undefined) {
    throw new ArgumentError(`Expected a shape of non-negative integers for ${name}, received ${describe(shape)}.`);
  }
}

async function resolve<T>(data: Lazy<T>): Promise<T> {
  return typeof data === 'function' ? (data as () => T | Promise<T>)() : data;
}

/** The bytes of an entry's values. @throws ArgumentError when they do not fit its dtype or shape. */
export async function numericBytes(entry: NumericEntry): Promise<Uint8Array> {
  const data = await resolve(entry.data);
  const count = elementCount(entry.shape);
  if (!holds(entry.dtype, data)) {
    throw new ArgumentError(
      `Expected ${dtypes[entry.dtype].array.name} for ${entry.name} (${entry.dtype}), received ${describe(data)}.`,
    );
  }
  if (data.length !== count) {
    throw new ArgumentError(
      `Expected ${count} elements for ${entry.name} ${formatShape(entry.shape)}, received ${data.length}.`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The bytes of each string of an entry. @throws ArgumentError when they do not fit its shape. */
export async function stringBytes(entry: StringEntry): Promise<Uint8Array[]> {
  const data = await resolve(entry.data);
  const count = elementCount(entry.shape);
  if (!Array.isArray(data) || data.length !== count) {
    throw new ArgumentError(`Expected an array of ${count} strings for ${entry.name}, received ${describe(data)}.`);
  }
  return (data as readonly (string | Uint8Array)[]).map((value) => {
    if (typeof value === 'string') return Buffer.from(value, 'utf8');
    if (holds('uint8', value)) return value;
    throw new ArgumentError(`Expected text or bytes in ${entry.name}, received ${describe(value)}.`);
  });
}

/** Bytes that an entry's numbers take. */
export function entryBytes({ dtype, shape }: NumericEntry): number {
  return (elementCount(shape) ?? 0) * bytesOf(dtype);
}
