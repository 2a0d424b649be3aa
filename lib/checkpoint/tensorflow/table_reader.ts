/**
 * Reader for the sorted table files of both TensorFlow checkpoint formats (LevelDB's table format with plain keys):
 * blocks of prefix-compressed entries, an index block, and a 48-byte footer.
 */
import { CheckpointError } from '../../errors.js';
import { unmaskCrc } from '../../formats/crc32c.js';
import { allocateBytes, type ByteSource, checkRange, readRange, readWithCrc } from '../files/byte_source.js';
import type { ReadContext } from '../types.js';
import { decodeSnappy } from './snappy.js';

/** Bytes of the footer: two padded handles and the magic number. */
export const footerBytes = 48;

/** The magic number 0xdb4775248b80fb57 as it is stored. */
export const tableMagic = Uint8Array.of(0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb);

/** After each block: its compression type and the masked checksum. */
export const trailerBytes = 5;

/** One entry; key and value are views of the block that they were read from. */
export interface TableEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Position in the file of the block that holds the entry. */
  readonly offset: number;
}

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

interface IndexEntry extends BlockHandle {
  /** No key of the block is greater; every key of the next block is. */
  readonly lastKey: Uint8Array;
}

/** A block up to this size is kept for the next look-up, as it holds many small tensors; more of them would only cost memory. */
const cachedBlockBytes = 1 << 18;
const cachedBlocks = 1;

/** True when the last 8 bytes of a source are the magic number of a table. */
export async function isTable(source: ByteSource): Promise<boolean> {
  if (source.size < footerBytes) return false;
  const magic = await readRange(source, source.size - tableMagic.length, tableMagic.length, 'The magic number');
  return Buffer.compare(magic, tableMagic) === 0;
}

/** An open table. Every block's checksum is verified when the block is read. */
export class TableReader {
  readonly source: ByteSource;
  readonly #context: ReadContext;
  readonly #index: readonly IndexEntry[];
  /** Most recently used last. */
  readonly #cache = new Map<number, Promise<TableEntry[]>>();
  readonly #largestBlock: number;
  #scratch: Uint8Array | undefined;

  private constructor(source: ByteSource, context: ReadContext, index: readonly IndexEntry[]) {
    this.source = source;
    this.#context = context;
    this.#index = index;
    this.#largestBlock = index.reduce((most, { size }) => Math.max(most, size), 0) + trailerBytes;
  }

  /** Reads footer and index. @throws CheckpointError when either is damaged. */
  static async open(source: ByteSource, context: ReadContext): Promise<TableReader> {
    if (!(await isTable(source))) {
      throw new CheckpointError(
        `Expected a table file, received ${source.size} bytes without its magic number at the end.`,
        {
          path: source.path,
          offset: Math.max(0, source.size - tableMagic.length),
          hint: 'The file is of another kind, or was cut off: copy or download it again.',
        },
      );
    }
    const start = source.size - footerBytes;
    const footer = await readRange(source, start, footerBytes, 'The footer');
    const at = { path: source.path, offset: start };
    const cursor = new Cursor(footer.subarray(0, footerBytes - tableMagic.length), at);
    const metaindex = readHandle(cursor, source, 'The metaindex block');
    const indexBlock = readHandle(cursor, source, 'The index block');
    await readBlock(source, metaindex, context);
    const entries = parseBlock(await readBlock(source, indexBlock, context), source.path, indexBlock.offset);
    const index: IndexEntry[] = [];
    let end = 0;
    for (const { key, value } of entries) {
      const handle = readHandle(new Cursor(value, { path: source.path, offset: indexBlock.offset }), source, 'A block');
      if (handle.offset < end) {
        throw new CheckpointError(`Block ${index.length} starts at byte ${handle.offset}, within the one before it.`, {
          path: source.path,
          offset: indexBlock.offset,
        });
      }
      end = handle.offset + handle.size + trailerBytes;
      index.push({ ...handle, lastKey: key });
    }
    return new TableReader(source, context, index);
  }

  /** The first entry, or undefined in an empty table. */
  async first(): Promise<TableEntry | undefined> {
    return this.#index.length === 0 ? undefined : (await this.#block(0))[0];
  }

  /**
   * Calls `use` with the entry under a key, or with undefined. The entry's bytes are valid only until `use` returns:
   * large blocks share one buffer, as their garbage would otherwise pile up while a checkpoint is read.
   */
  async withEntry<T>(key: Uint8Array, use: (entry: TableEntry | undefined) => T): Promise<T> {
    const index = this.#index;
    const i = firstAtLeast(index.length, (k) => Buffer.compare((index[k] as IndexEntry).lastKey, key) >= 0);
    const handle = index[i];
    if (handle === undefined) return use(undefined);
    if (handle.size <= cachedBlockBytes) return use(findEntry(await this.#block(i), key));
    const bytes = this.#takeScratch(handle.size + trailerBytes);
    try {
      return use(findEntry(await this.#readEntries(handle, bytes), key));
    } finally {
      this.#scratch = new Uint8Array(bytes.buffer);
    }
  }

  /** The shared buffer, which takes every block, or a new one where it is in use. */
  #takeScratch(length: number): Uint8Array {
    const scratch = this.#scratch ?? allocateBytes(this.#largestBlock, this.source.path);
    this.#scratch = undefined;
    return scratch.subarray(0, length);
  }

  /** All entries in key order, one block in memory at a time. @throws CheckpointError when keys do not increase. */
  async *entries(): AsyncGenerator<TableEntry> {
    let last: Uint8Array | undefined;
    for (const [i, block] of this.#index.entries()) {
      for (const entry of await this.#block(i)) {
        if (last !== undefined && Buffer.compare(last, entry.key) >= 0) {
          throw new CheckpointError('The keys of the table do not increase from one block to the next.', {
            path: this.source.path,
            offset: block.offset,
          });
        }
        last = entry.key;
        yield entry;
      }
    }
  }

  #block(i: number): Promise<TableEntry[]> {
    const handle = this.#index[i] as IndexEntry;
    const cached = this.#cache.get(i);
    const block = cached ?? this.#readEntries(handle);
    if (handle.size > cachedBlockBytes) return block;
    this.#cache.delete(i);
    this.#cache.set(i, block);
    // A failed read (say, an aborted one) must not be remembered.
    if (cached === undefined) block.catch(() => this.#cache.delete(i));
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > cachedBlocks && oldest.value !== undefined) this.#cache.delete(oldest.value);
    return block;
  }

  async #readEntries(handle: IndexEntry, into?: Uint8Array): Promise<TableEntry[]> {
    const contents = await readBlock(this.source, handle, this.#context, into);
    const entries = parseBlock(contents, this.source.path, handle.offset);
    const last = entries.at(-1);
    if (last !== undefined && Buffer.compare(last.key, handle.lastKey) > 0) {
      throw new CheckpointError('A block holds a key that the index places elsewhere.', {
        path: this.source.path,
        offset: handle.offset,
      });
    }
    return entries;
  }
}

/** Smallest index for which `holds` is true, given that it stays true from there on; `length` when there is none. */
function firstAtLeast(length: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Reads varints from bytes; errors name the file and the position of what is being read. */
class Cursor {
  readonly bytes: Uint8Array;
  position = 0;
  readonly #where: { path: string; offset: number };

  constructor(bytes: Uint8Array, where: { path: string; offset: number }) {
    this.bytes = bytes;
    this.#where = where;
  }

  /** A varint up to 2^53. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) throw this.fail('a number passes the end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (Number.isSafeInteger(value)) return value;
        throw this.fail('a number is over 2^53');
      }
      scale *= 128;
    }
    throw this.fail('a number is longer than 10 bytes');
  }

  fail(what: string): CheckpointError {
    return new CheckpointError(`The table block is damaged: ${what} (at its byte ${this.position}).`, this.#where);
  }
}

function readHandle(cursor: Cursor, source: ByteSource, what: string): BlockHandle {
  const offset = cursor.varint();
  const size = cursor.varint();
  checkRange(source, offset, size + trailerBytes, what);
  return { offset, size };
}

function findEntry(entries: readonly TableEntry[], key: Uint8Array): TableEntry | undefined {
  const at = firstAtLeast(entries.length, (i) => Buffer.compare((entries[i] as TableEntry).key, key) >= 0);
  const entry = entries[at];
  return entry !== undefined && Buffer.compare(entry.key, key) === 0 ? entry : undefined;
}

/**
 * Contents of a block after its checksum was verified, decompressed where need be. Its place was checked with its
 * handle.
 * `into`: a buffer for the bytes of the block, as large or larger.
 */
async function readBlock(
  source: ByteSource,
  handle: BlockHandle,
  context: ReadContext,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const bytes = into ?? allocateBytes(handle.size + trailerBytes, source.path);
  const summed = bytes.subarray(0, handle.size + 1);
  const crc = await readWithCrc(source, summed, handle.offset, context);
  await source.readInto(bytes.subarray(handle.size + 1, handle.size + trailerBytes), handle.offset + handle.size + 1);
  const stored = unmaskCrc(new DataView(bytes.buffer, bytes.byteOffset + handle.size + 1, 4).getUint32(0, true));
  if (crc !== stored) {
    throw new CheckpointError(
      `The checksum of a block of ${handle.size} bytes is wrong: stored ${hex(stored)}, computed ${hex(crc)}.`,
      { path: source.path, offset: handle.offset, hint: 'The file is damaged: copy or download it again.' },
    );
  }
  const contents = bytes.subarray(0, handle.size);
  const type = bytes[handle.size];
  if (type === 0) return contents;
  if (type === 1) return decodeSnappy(contents, { path: source.path, offset: handle.offset });
  throw new CheckpointError(`Expected a block that is stored (0) or Snappy-compressed (1), received type ${type}.`, {
    path: source.path,
    offset: handle.offset + handle.size,
  });
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** Entries between restart points share prefixes, 16 at most, so keys take at most that many times the stored bytes. */
const maxKeyExpansion = 16;

/** Splits a block into its entries and checks their order. */
function parseBlock(contents: Uint8Array, path: string, offset: number): TableEntry[] {
  const cursor = new Cursor(contents, { path, offset });
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  const restarts = contents.length < 4 ? 0 : view.getUint32(contents.length - 4, true);
  const end = contents.length - 4 * (restarts + 1);
  if (restarts === 0 || end < 0) throw cursor.fail(`it claims ${restarts} restart points`);
  const body = new Cursor(contents.subarray(0, end), { path, offset });
  const entries: TableEntry[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  let keyBytes = 0;
  while (body.position < end) {
    const shared = body.varint();
    const unshared = body.varint();
    const length = body.varint();
    const keyStart = body.position;
    const valueStart = keyStart + unshared;
    if (shared > previous.length) throw body.fail(`a key shares ${shared} bytes with one of ${previous.length}`);
    if (valueStart + length > end) throw body.fail('an entry passes the end');
    keyBytes += shared + unshared;
    if (keyBytes > maxKeyExpansion * contents.length + 4096) throw body.fail('the keys expand without limit');
    const suffix = contents.subarray(keyStart, valueStart);
    let key = suffix;
    if (shared > 0) {
      key = new Uint8Array(shared + unshared);
      key.set(previous.subarray(0, shared));
      key.set(suffix, shared);
    }
    if (entries.length > 0 && Buffer.compare(previous, key) >= 0) throw body.fail('the keys do not increase');
    body.position = valueStart + length;
    entries.push({ key, value: contents.subarray(valueStart, body.position), offset });
    previous = key;
  }
  return entries;
}
