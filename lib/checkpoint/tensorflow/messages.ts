/**
 * The few protocol-buffer messages in TensorFlow's checkpoint files, read field by field. Fields that are
 * not needed are skipped, as the wire format asks; everything malformed is a CheckpointError with the position of the
 * message.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { CheckpointError, isSlimnetError } from '../../errors.js';
import { maxRank } from '../shapes.js';
import { stringField } from './packed_fields.js';
import type { Extent } from './tensor_slice.js';

/** Where a message was found, for errors. */
export interface Where {
  readonly path: string;
  readonly offset: number;
}

/** VersionDef: who wrote the file and which readers may read it. */
export interface Versions {
  producer: number;
  minConsumer: number;
  badConsumers: number[];
}

/** SavedSliceMeta: one tensor in the table of contents of a V1 file. */
export interface SliceMeta {
  name: string;
  dtype: number;
  shape: number[];
  slices: Extent[][];
}

/** SavedTensorSliceMeta: the table of contents of a V1 file. */
export interface SavedMeta {
  tensors: SliceMeta[];
  versions: Versions;
}

/**
 * SavedSlice: the values of one slice in a V1 file; `values` holds the packed bytes of the wanted TensorProto field.
 */
export interface SavedSlice {
  name: string;
  slice: Extent[];
  values: Uint8Array;
  strings: Uint8Array[];
}

/** BundleHeaderProto: the first entry of a V2 index. */
export interface BundleHeader {
  shards: number;
  bigEndian: boolean;
  versions: Versions;
}

/** BundleEntryProto: one tensor or slice in a V2 index. */
export interface BundleEntry {
  dtype: number;
  shape: number[];
  shard: number;
  offset: number;
  size: number;
  crc: number;
  slices: Extent[][];
}

type FieldReader = (reader: BinaryReader, wire: WireType) => void;

/** Reads a message: `fields` has a reader for each field number of interest. */
export function readMessage(
  bytes: Uint8Array,
  what: string,
  where: Where,
  fields: Readonly<Record<number, FieldReader>>,
): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const field = fields[number];
      if (field === undefined) reader.skip(wire, number);
      else field(reader, wire);
    }
  } catch (cause) {
    if (isSlimnetError(cause)) throw cause;
    throw new CheckpointError(
      `The ${what} message is malformed at its byte ${Math.min(reader.pos, reader.len)}: ` +
        `${String((cause as Error).message)}.`,
      { ...where, cause },
    );
  }
}

/** A field reader that insists on the wire type. */
function wired(expected: WireType, read: (reader: BinaryReader) => void): FieldReader {
  return (reader, wire) => {
    if (wire !== expected) throw new Error(`wire type ${wire} where ${expected} is expected`);
    read(reader);
  };
}

const varint = (read: (reader: BinaryReader) => void): FieldReader => wired(WireType.Varint, read);
export const bytesField = (read: (value: Uint8Array) => void): FieldReader =>
  wired(WireType.LengthDelimited, (reader) => read(reader.bytes()));

/** int64 as a number; beyond 2^53 it is no safe integer, which every check of a size refuses. */
const int64 = (reader: BinaryReader): number => Number(reader.int64());

/** Reads TensorShapeProto. Dimensions may come out negative or huge: `elementCount` refuses those. */
function readShape(bytes: Uint8Array, where: Where): number[] {
  const shape: number[] = [];
  let unknownRank = false;
  readMessage(bytes, 'TensorShapeProto', where, {
    2: bytesField((dimension) => {
      if (shape.length >= maxRank) throw new Error(`more than ${maxRank} dimensions`);
      let size = 0;
      readMessage(dimension, 'TensorShapeProto.Dim', where, {
        1: varint((reader) => {
          size = int64(reader);
        }),
      });
      shape.push(size);
    }),
    3: varint((reader) => {
      unknownRank = reader.bool();
    }),
  });
  if (unknownRank) throw new CheckpointError('A stored tensor has a shape of unknown rank.', { ...where });
  return shape;
}

/** Reads TensorSliceProto. */
function readSlice(bytes: Uint8Array, where: Where): Extent[] {
  const slice: Extent[] = [];
  readMessage(bytes, 'TensorSliceProto', where, {
    1: bytesField((extent) => {
      if (slice.length >= maxRank) throw new Error(`more than ${maxRank} extents`);
      let start = 0;
      let length: number | undefined;
      readMessage(extent, 'TensorSliceProto.Extent', where, {
        1: varint((reader) => {
          start = int64(reader);
        }),
        2: varint((reader) => {
          length = int64(reader);
        }),
      });
      if (!Number.isSafeInteger(start) || (length !== undefined && !Number.isSafeInteger(length))) {
        throw new Error('an extent over 2^53');
      }
      slice.push({ start, length });
    }),
  });
  return slice;
}

function readVersions(bytes: Uint8Array, where: Where): Versions {
  const versions: Versions = { producer: 0, minConsumer: 0, badConsumers: [] };
  readMessage(bytes, 'VersionDef', where, {
    1: varint((reader) => {
      versions.producer = reader.int32();
    }),
    2: varint((reader) => {
      versions.minConsumer = reader.int32();
    }),
    3: (reader, wire) => {
      if (wire === WireType.Varint) {
        versions.badConsumers.push(reader.int32());
        return;
      }
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) versions.badConsumers.push(packed.int32());
    },
  });
  return versions;
}

/** The version of both formats that this code reads and writes. */
export const formatVersion = 1;

/** @throws CheckpointError when the file says that readers of this version must not read it. */
export function checkVersions(versions: Versions, where: Where): void {
  const { producer, minConsumer, badConsumers } = versions;
  if (producer >= 0 && minConsumer <= formatVersion && !badConsumers.includes(formatVersion)) return;
  throw new CheckpointError(
    `Expected a file for readers of version ${formatVersion}, received producer ${producer}, ` +
      `min_consumer ${minConsumer}, bad_consumers [${badConsumers.join(', ')}].`,
    { ...where, hint: 'It was written by a newer program: write it again with Saver of TensorFlow 1 or 2.' },
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A tensor name. @throws CheckpointError when the bytes are no UTF-8. */
export function decodeName(bytes: Uint8Array, where: Where): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CheckpointError('A tensor name is not UTF-8.', { ...where, cause });
  }
}

/** Reads the value of a V1 file's first entry (SavedTensorSlices with `meta`). */
export function readSavedMeta(bytes: Uint8Array, where: Where): SavedMeta {
  const meta: SavedMeta = { tensors: [], versions: { producer: 0, minConsumer: 0, badConsumers: [] } };
  let present = false;
  readMessage(bytes, 'SavedTensorSlices', where, {
    1: bytesField((body) => {
      present = true;
      readMessage(body, 'SavedTensorSliceMeta', where, {
        1: bytesField((tensor) => meta.tensors.push(readSliceMeta(tensor, where))),
        2: bytesField((versions) => {
          meta.versions = readVersions(versions, where);
        }),
      });
    }),
  });
  if (!present) throw new CheckpointError('The first entry holds no table of contents.', { ...where });
  return meta;
}

function readSliceMeta(bytes: Uint8Array, where: Where): SliceMeta {
  const meta: SliceMeta = { name: '', dtype: 0, shape: [], slices: [] };
  readMessage(bytes, 'SavedSliceMeta', where, {
    1: bytesField((name) => {
      meta.name = decodeName(name, where);
    }),
    2: bytesField((shape) => {
      meta.shape = readShape(shape, where);
    }),
    3: varint((reader) => {
      meta.dtype = reader.int32();
    }),
    4: bytesField((slice) => meta.slices.push(readSlice(slice, where))),
  });
  return meta;
}

/**
 * Reads a data entry of a V1 file (SavedTensorSlices with `data`); `field` is the TensorProto field to take values
 * from.
 */
export function readSavedSlice(bytes: Uint8Array, field: number, where: Where): SavedSlice {
  const result: SavedSlice = { name: '', slice: [], values: new Uint8Array(0), strings: [] };
  let present = false;
  const take: FieldReader =
    field === stringField
      ? bytesField((value) => result.strings.push(value))
      : (reader, wire) => {
          // One element outside a packed run has the same bytes that it would have within one.
          const chunk = wire === WireType.LengthDelimited ? reader.bytes() : reader.skip(wire);
          values.add(chunk);
        };
  const values = new Concatenation(bytes.length);
  readMessage(bytes, 'SavedTensorSlices', where, {
    2: bytesField((data) => {
      present = true;
      readMessage(data, 'SavedSlice', where, {
        1: bytesField((name) => {
          result.name = decodeName(name, where);
        }),
        2: bytesField((slice) => {
          result.slice = readSlice(slice, where);
        }),
        3: bytesField((tensor) => readMessage(tensor, 'TensorProto', where, { [field]: take })),
      });
    }),
  });
  if (!present) throw new CheckpointError('An entry holds no tensor data.', { ...where });
  result.values = values.bytes;
  return result;
}

/** Joins chunks; a single one, the usual case, is not copied. */
class Concatenation {
  readonly #capacity: number;
  #buffer: Uint8Array | undefined;
  #single: Uint8Array | undefined;
  #length = 0;

  /** `capacity`: upper limit for the bytes of all chunks together. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(chunk: Uint8Array): void {
    if (this.#single === undefined) {
      this.#single = chunk;
      this.#length = chunk.length;
      return;
    }
    if (this.#buffer === undefined) {
      this.#buffer = new Uint8Array(this.#capacity);
      this.#buffer.set(this.#single);
    }
    this.#buffer.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  get bytes(): Uint8Array {
    return this.#buffer?.subarray(0, this.#length) ?? this.#single ?? new Uint8Array(0);
  }
}

/** Reads BundleHeaderProto. */
export function readBundleHeader(bytes: Uint8Array, where: Where): BundleHeader {
  const header: BundleHeader = {
    shards: 0,
    bigEndian: false,
    versions: { producer: 0, minConsumer: 0, badConsumers: [] },
  };
  readMessage(bytes, 'BundleHeaderProto', where, {
    1: varint((reader) => {
      header.shards = reader.int32();
    }),
    2: varint((reader) => {
      const value = reader.int32();
      if (value !== 0 && value !== 1) throw new Error(`endianness ${value}`);
      header.bigEndian = value === 1;
    }),
    3: bytesField((versions) => {
      header.versions = readVersions(versions, where);
    }),
  });
  return header;
}

/** Reads BundleEntryProto. */
export function readBundleEntry(bytes: Uint8Array, where: Where): BundleEntry {
  const entry: BundleEntry = { dtype: 0, shape: [], shard: 0, offset: 0, size: 0, crc: 0, slices: [] };
  readMessage(bytes, 'BundleEntryProto', where, {
    1: varint((reader) => {
      entry.dtype = reader.int32();
    }),
    2: bytesField((shape) => {
      entry.shape = readShape(shape, where);
    }),
    3: varint((reader) => {
      entry.shard = reader.int32();
    }),
    4: varint((reader) => {
      entry.offset = int64(reader);
    }),
    5: varint((reader) => {
      entry.size = int64(reader);
    }),
    6: wired(WireType.Bit32, (reader) => {
      entry.crc = reader.fixed32();
    }),
    7: bytesField((slice) => entry.slices.push(readSlice(slice, where))),
  });
  return entry;
}

/** Which of the two kinds of table a first entry's value belongs to: the wire type of field 1 tells them apart. */
export function kindOfFirstEntry(value: Uint8Array): 'meta' | 'header' | undefined {
  const tag = value[0];
  if (tag === ((1 << 3) | WireType.LengthDelimited)) return 'meta';
  if (tag === ((1 << 3) | WireType.Varint)) return 'header';
  return undefined;
}
