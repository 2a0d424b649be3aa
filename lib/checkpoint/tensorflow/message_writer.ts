/** Writing the protocol-buffer messages of TensorFlow's checkpoint files; `messages.ts` reads them. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type BundleEntry, formatVersion, type SliceMeta } from './messages.js';
import { stringField } from './packed_fields.js';
import type { Extent } from './tensor_slice.js';

function writeNested(writer: BinaryWriter, field: number, body: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(body);
}

function writeShape(shape: readonly number[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const size of shape) {
    const dimension = new BinaryWriter();
    if (size !== 0) dimension.tag(1, WireType.Varint).int64(size);
    writeNested(writer, 2, dimension.finish());
  }
  return writer.finish();
}

function writeSlice(slice: readonly Extent[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { start, length } of slice) {
    const extent = new BinaryWriter();
    if (start !== 0) extent.tag(1, WireType.Varint).int64(start);
    if (length !== undefined) extent.tag(2, WireType.Varint).int64(length);
    writeNested(writer, 1, extent.finish());
  }
  return writer.finish();
}

function writeVersions(): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).int32(formatVersion).finish();
}

/** Writes the value of a V1 file's first entry. */
export function writeSavedMeta(tensors: readonly SliceMeta[]): Uint8Array {
  const meta = new BinaryWriter();
  for (const { name, dtype, shape, slices } of tensors) {
    const tensor = new BinaryWriter();
    tensor.tag(1, WireType.LengthDelimited).string(name);
    writeNested(tensor, 2, writeShape(shape));
    tensor.tag(3, WireType.Varint).int32(dtype);
    for (const slice of slices) writeNested(tensor, 4, writeSlice(slice));
    writeNested(meta, 1, tensor.finish());
  }
  writeNested(meta, 2, writeVersions());
  const writer = new BinaryWriter();
  writeNested(writer, 1, meta.finish());
  return writer.finish();
}

/**
 * Writes a data entry of a V1 file up to the values, which the caller appends: `tensor` is the TensorProto without its
 * last `trailing` bytes.
 */
export function writeSavedSliceHead(
  name: string,
  slice: readonly Extent[],
  tensor: Uint8Array,
  trailing: number,
): Uint8Array {
  const body = new BinaryWriter();
  body.tag(1, WireType.LengthDelimited).string(name);
  writeNested(body, 2, writeSlice(slice));
  body
    .tag(3, WireType.LengthDelimited)
    .uint32(tensor.length + trailing)
    .raw(tensor);
  const bytes = body.finish();
  const writer = new BinaryWriter();
  writer
    .tag(2, WireType.LengthDelimited)
    .uint32(bytes.length + trailing)
    .raw(bytes);
  return writer.finish();
}

/** The start of a TensorProto whose packed `field` has `length` bytes, which the caller appends. */
export function writePackedHead(field: number, length: number): Uint8Array {
  if (length === 0) return new Uint8Array(0);
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint32(length).finish();
}

/** A TensorProto of strings. */
export function writeStringTensor(strings: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const value of strings) writeNested(writer, stringField, value);
  return writer.finish();
}

/** Writes BundleHeaderProto for little-endian data. */
export function writeBundleHeader(shards: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(shards);
  writeNested(writer, 3, writeVersions());
  return writer.finish();
}

/** Writes BundleEntryProto. */
export function writeBundleEntry(entry: BundleEntry): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(entry.dtype);
  writeNested(writer, 2, writeShape(entry.shape));
  if (entry.shard !== 0) writer.tag(3, WireType.Varint).int32(entry.shard);
  if (entry.offset !== 0) writer.tag(4, WireType.Varint).int64(entry.offset);
  if (entry.size !== 0) writer.tag(5, WireType.Varint).int64(entry.size);
  if (entry.crc !== 0) writer.tag(6, WireType.Bit32).fixed32(entry.crc);
  for (const slice of entry.slices) writeNested(writer, 7, writeSlice(slice));
  return writer.finish();
}
