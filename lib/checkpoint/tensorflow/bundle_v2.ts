/**
 * Reader for TensorFlow's second checkpoint format: an index, which is a table with a line for each tensor, and data
 * shards with the values as plain bytes.
 */
import type { DType } from '../../core/dtype.js';
import { CheckpointError } from '../../errors.js';
import { maskCrc, unmaskCrc } from '../../formats/crc32c.js';
import { type ByteSource, readWithCrc } from '../files/byte_source.js';
import { byteCount, elementCount, formatShape, sameShape } from '../shapes.js';
import type { FormatReader, ReadContext, StoredDType, StoredRange, TensorInfo } from '../types.js';
import { decodeStrings } from './bundle_strings.js';
import { dtypeOfNumber, widthOf } from './data_types.js';
import {
  type BundleEntry,
  checkVersions,
  decodeName,
  readBundleEntry,
  readBundleHeader,
  type Where,
} from './messages.js';
import { objectGraphKey, readObjectGraph, variablesByName } from './object_graph.js';
import { sliceKey } from './ordered_code.js';
import { TableReader } from './table_reader.js';
import { coverProblem, maxSlices, type Region, resolveSlice, scatter } from './tensor_slice.js';

/** An index of more bytes than this is refused: a real one has some hundred bytes for each tensor. */
const maxIndexBytes = 1 << 28;

/** Bytes of one tensor or slice in a shard. */
interface Piece {
  readonly source: ByteSource;
  readonly offset: number;
  readonly size: number;
  readonly crc: number;
  readonly region: Region;
}

interface StoredTensor {
  readonly info: TensorInfo;
  readonly pieces: readonly Piece[];
}

/** Opens data shard `shard` of `shards`. */
export type OpenShard = (shard: number, shards: number) => Promise<ByteSource>;

/** File name of a data shard: `<prefix>.data-00000-of-00001`. */
export function shardPath(prefix: string, shard: number, shards: number): string {
  return `${prefix}.data-${String(shard).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}`;
}

/** Opens a V2 checkpoint. It takes over the index and the shards, and closes them. @throws CheckpointError */
export async function openBundleV2(
  index: ByteSource,
  openShard: OpenShard,
  context: ReadContext,
): Promise<FormatReader> {
  const opening = new BundleOpening(index, openShard, context);
  try {
    return await opening.run();
  } catch (error) {
    await opening.closeShards();
    throw error;
  }
}

class BundleOpening {
  readonly #index: ByteSource;
  readonly #openShard: OpenShard;
  readonly #context: ReadContext;
  readonly #shards = new Map<number, ByteSource>();
  readonly #entries = new Map<string, BundleEntry>();
  /** Entries of slices, under the hexadecimal form of their encoded keys. */
  readonly #slices = new Map<string, BundleEntry>();

  constructor(index: ByteSource, openShard: OpenShard, context: ReadContext) {
    this.#index = index;
    this.#openShard = openShard;
    this.#context = context;
  }

  async closeShards(): Promise<void> {
    for (const source of this.#shards.values()) await source.close();
  }

  async run(): Promise<FormatReader> {
    const { bigEndian, shards } = await this.#readIndex();
    for (const entry of [...this.#entries.values(), ...this.#slices.values()]) {
      // A partitioned tensor's own entry has no data; its slices have.
      if (entry.slices.length > 0 || this.#shards.has(entry.shard)) continue;
      this.#shards.set(entry.shard, await this.#openShard(entry.shard, shards));
    }
    const stored = new Map<string, StoredTensor>();
    for (const [name, entry] of this.#entries) stored.set(name, this.#tensor(name, entry));
    checkOverlap(stored.values());
    const sources = [this.#index, ...this.#shards.values()];
    const reader = new BundleV2Reader(sources, stored, bigEndian, this.#context);
    await reader.readObjects();
    return reader;
  }

  async #readIndex(): Promise<{ bigEndian: boolean; shards: number }> {
    const where = { path: this.#index.path, offset: 0 };
    if (this.#index.size > maxIndexBytes) {
      throw new CheckpointError(
        `Expected an index of at most ${maxIndexBytes} bytes, received ${this.#index.size}.`,
        where,
      );
    }
    const table = await TableReader.open(this.#index, this.#context);
    const first = await table.first();
    if (first === undefined || first.key.length > 0) {
      throw new CheckpointError('Expected a first entry with an empty key, which describes the shards.', where);
    }
    const header = readBundleHeader(first.value, where);
    checkVersions(header.versions, where);
    if (header.shards < 1) throw new CheckpointError(`Expected at least 1 shard, received ${header.shards}.`, where);
    for await (const { key, value, offset } of table.entries()) {
      if (key.length === 0) continue;
      const at = { path: this.#index.path, offset };
      const entry = readBundleEntry(value, at);
      if (entry.shard < 0 || entry.shard >= header.shards) {
        throw new CheckpointError(`Expected a shard from 0 to ${header.shards - 1}, received ${entry.shard}.`, at);
      }
      // Slices of partitioned variables have ordered-code keys, which start with a zero byte: no name does.
      if (key[0] === 0) this.#slices.set(Buffer.from(key).toString('hex'), entry);
      else this.#entries.set(decodeName(key, at), entry);
    }
    return header;
  }

  #tensor(name: string, entry: BundleEntry): StoredTensor {
    const where = { path: this.#index.path, offset: 0 };
    const dtype = dtypeOfNumber(entry.dtype);
    if (dtype === undefined) throw problemOf(name, `has the invalid data type ${entry.dtype}`, where);
    if (elementCount(entry.shape) === undefined) {
      throw problemOf(name, `has the impossible shape ${formatShape(entry.shape)}`, where);
    }
    const pieces = entry.slices.length === 0 ? [this.#piece(name, dtype, entry)] : this.#partition(name, dtype, entry);
    const width = widthOf(dtype);
    const bytes = width === undefined ? entry.size : (byteCount(entry.shape, width) ?? 0);
    return { info: { name, dtype, shape: entry.shape, bytes }, pieces };
  }

  #partition(name: string, dtype: StoredDType, entry: BundleEntry): Piece[] {
    const where = { path: this.#index.path, offset: 0 };
    if (widthOf(dtype) === undefined) throw problemOf(name, `is partitioned, which ${dtype} cannot be`, where);
    if (entry.slices.length > maxSlices) throw problemOf(name, `has more than ${maxSlices} slices`, where);
    const pieces = entry.slices.map((slice) => {
      const region = resolveSlice(slice, entry.shape);
      if (typeof region === 'string') throw problemOf(name, `has an impossible slice: ${region}`, where);
      const part = this.#slices.get(Buffer.from(sliceKey(name, slice)).toString('hex'));
      if (part === undefined) throw problemOf(name, `lacks its slice at [${region.starts.join(', ')}]`, where);
      if (part.dtype !== entry.dtype || part.slices.length > 0 || !sameShape(part.shape, region.lengths)) {
        throw problemOf(name, `has a slice of another type or shape at [${region.starts.join(', ')}]`, where);
      }
      return { ...this.#piece(name, dtype, part), region };
    });
    const problem = coverProblem(
      pieces.map(({ region }) => region),
      entry.shape,
    );
    if (problem !== undefined) throw problemOf(name, `is incomplete: ${problem}`, where);
    return pieces;
  }

  #piece(name: string, dtype: StoredDType, entry: BundleEntry): Piece {
    const { offset, size, crc, shape } = entry;
    const where = { path: this.#index.path, offset: 0 };
    const source = this.#shards.get(entry.shard) as ByteSource;
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(size) || offset < 0 || size < 0) {
      throw problemOf(name, `claims ${size} bytes at byte ${offset}`, where);
    }
    const width = widthOf(dtype);
    if (width !== undefined && size !== byteCount(shape, width)) {
      throw problemOf(
        name,
        `has ${size} bytes, but ${dtype} ${formatShape(shape)} takes ${byteCount(shape, width)}`,
        where,
      );
    }
    if (offset + size > source.size) {
      throw problemOf(name, `should lie at bytes ${offset} to ${offset + size}, but the shard has ${source.size}`, {
        path: source.path,
        offset: Math.min(offset, source.size),
      });
    }
    return { source, offset, size, crc, region: { starts: shape.map(() => 0), lengths: shape } };
  }
}

function problemOf(name: string, what: string, where: Where): CheckpointError {
  return new CheckpointError(`The stored tensor ${JSON.stringify(name)} ${what}.`, { ...where });
}

/** No writer lets two tensors share bytes; a file that does so lies about its size. */
function checkOverlap(tensors: Iterable<StoredTensor>): void {
  const pieces: { name: string; piece: Piece }[] = [];
  for (const { info, pieces: parts } of tensors) {
    for (const piece of parts) if (piece.size > 0) pieces.push({ name: info.name, piece });
  }
  pieces.sort((a, b) => compareText(a.piece.source.path, b.piece.source.path) || a.piece.offset - b.piece.offset);
  for (let i = 1; i < pieces.length; i++) {
    const before = pieces[i - 1] as { name: string; piece: Piece };
    const { name, piece } = pieces[i] as { name: string; piece: Piece };
    if (before.piece.source === piece.source && before.piece.offset + before.piece.size > piece.offset) {
      throw problemOf(name, `overlaps ${JSON.stringify(before.name)}`, {
        path: piece.source.path,
        offset: piece.offset,
      });
    }
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

class BundleV2Reader implements FormatReader {
  readonly format = 'tensorflow_v2';
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  variables?: ReadonlyMap<string, TensorInfo>;
  readonly files: readonly string[];
  readonly #sources: readonly ByteSource[];
  readonly #stored: ReadonlyMap<string, StoredTensor>;
  readonly #bigEndian: boolean;
  readonly #context: ReadContext;

  constructor(
    sources: readonly ByteSource[],
    stored: ReadonlyMap<string, StoredTensor>,
    bigEndian: boolean,
    context: ReadContext,
  ) {
    this.files = sources.map(({ path }) => path);
    this.tensors = new Map([...stored].map(([name, { info }]) => [name, info]));
    this.#sources = sources;
    this.#stored = stored;
    this.#bigEndian = bigEndian;
    this.#context = context;
  }

  /** Names the variables, where the checkpoint is one of objects. */
  async readObjects(): Promise<void> {
    const graph = this.#stored.get(objectGraphKey);
    if (graph?.info.dtype !== 'string' || elementCount(graph.info.shape) !== 1) return;
    const [bytes] = await this.loadStrings(graph.info);
    const { source, offset } = graph.pieces[0] as Piece;
    const attributes = readObjectGraph(bytes as Uint8Array, { path: source.path, offset });
    this.variables = variablesByName(this.tensors, attributes, (info) => this.#contents(info));
  }

  /** Equal for tensors with the same bytes, as far as their checksums tell. */
  #contents({ name, dtype, shape }: TensorInfo): string | null {
    const { pieces } = this.#stored.get(name) as StoredTensor;
    return pieces.length === 1 ? JSON.stringify([dtype, shape, pieces[0]?.crc]) : null;
  }

  async load(info: TensorInfo, allocate: () => Uint8Array): Promise<void> {
    const { pieces } = this.#stored.get(info.name) as StoredTensor;
    const width = widthOf(info.dtype as DType) as number;
    const target = allocate();
    for (const piece of pieces) {
      const whole = piece.size === target.length;
      const bytes = whole ? target : new Uint8Array(piece.size);
      this.#verify(info.name, piece, await readWithCrc(piece.source, bytes, piece.offset, this.#context));
      if (!whole) scatter(target, info.shape, piece.region, bytes, width);
    }
    if (this.#bigEndian) swapBytes(target, width);
  }

  async loadStrings(info: TensorInfo): Promise<Uint8Array[]> {
    const [piece] = (this.#stored.get(info.name) as StoredTensor).pieces as [Piece];
    const bytes = new Uint8Array(piece.size);
    await readWithCrc(piece.source, bytes, piece.offset, this.#context);
    const where = { path: piece.source.path, offset: piece.offset };
    const count = elementCount(info.shape) as number;
    const decoded = decodeStrings(bytes, count, this.#bigEndian, this.#context.crc32c, where);
    this.#verify(info.name, piece, decoded.crc);
    return decoded.strings;
  }

  range(info: TensorInfo): StoredRange | undefined {
    const { pieces } = this.#stored.get(info.name) as StoredTensor;
    const [piece] = pieces as [Piece];
    if (this.#bigEndian || pieces.length > 1 || piece.size !== info.bytes) return undefined;
    const { source, offset, crc } = piece;
    return {
      source,
      offset,
      checksum: { value: unmaskCrc(crc), damaged: (computed) => damaged(info.name, piece, computed) },
    };
  }

  #verify(name: string, piece: Piece, crc: number): void {
    if (maskCrc(crc) !== piece.crc) throw damaged(name, piece, crc);
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close();
  }
}

function damaged(name: string, { source, offset, crc }: Piece, computed: number): CheckpointError {
  const stored = unmaskCrc(crc).toString(16);
  return new CheckpointError(`The checksum of ${name} is wrong: stored ${stored}, computed ${computed.toString(16)}.`, {
    path: source.path,
    offset,
    hint: 'The data is damaged, or belongs to another index: copy or download both files again.',
  });
}

/** Reverses the bytes of each element. */
function swapBytes(bytes: Uint8Array, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}
