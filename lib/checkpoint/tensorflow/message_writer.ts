/** Writing the protocol-buffer messages of TensorFlow's checkpoint files; `messages.ts` reads them. */
import {
  type BinaryWriter,
  encodeMessage,
  fieldHead,
  WireType,
  writeBytes,
  writeMessage,
  writeString,
} from '../../formats/protobuf_writer.js';
import { type BundleEntry, formatVersion, type SliceMeta } from './messages.js';
import { stringField } from './packed_fields.js';
import type { Extent } from './tensor_slice.js';

/** TensorShapeProto. */
const shapeMessage =
  (shape: readonly number[]) =>
  (message: BinaryWriter): void => {
    for (const size of shape) {
      writeMessage(message, 2, (dimension) => {
        if (size !== 0) dimension.tag(1, WireType.Varint).int64(size);
      });
    }
  };

/** TensorSliceProto. */
const sliceMessage =
  (slice: readonly Extent[]) =>
  (message: BinaryWriter): void => {
    for (const { start, length } of slice) {
      writeMessage(message, 1, (extent) => {
        if (start !== 0) extent.tag(1, WireType.Varint).int64(start);
        if (length !== undefined) extent.tag(2, WireType.Varint).int64(length);
      });
    }
  };

/** VersionDef. */
const versionsMessage = (message: BinaryWriter): void => {
  message.tag(1, WireType.Varint).int32(formatVersion);
};

/** Writes the value of a V1 file's first entry. */
export function writeSavedMeta(tensors: readonly SliceMeta[]): Uint8Array {
  return encodeMessage((writer) =>
    writeMessage(writer, 1, (meta) => {
      for (const { name, dtype, shape, slices } of tensors) {
        writeMessage(meta, 1, (tensor) => {
          writeString(tensor, 1, name);
          writeMessage(tensor, 2, shapeMessage(shape));
          tensor.tag(3, WireType.Varint).int32(dtype);
          for (const slice of slices) writeMessage(tensor, 4, sliceMessage(slice));
        });
      }
      writeMessage(meta, 2, versionsMessage);
    }),
  );
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
  const body = encodeMessage((message) => {
    writeString(message, 1, name);
    writeMessage(message, 2, sliceMessage(slice));
    message.raw(fieldHead(3, tensor.length + trailing)).raw(tensor);
  });
  return encodeMessage((message) => message.raw(fieldHead(2, body.length + trailing)).raw(body));
}

/** The start of a TensorProto whose packed `field` has `length` bytes, which the caller appends. */
export function writePackedHead(field: number, length: number): Uint8Array {
  return length === 0 ? new Uint8Array(0) : fieldHead(field, length);
}

/** A TensorProto of strings. */
export function writeStringTensor(strings: readonly Uint8Array[]): Uint8Array {
  return encodeMessage((tensor) => {
    for (const value of strings) writeBytes(tensor, stringField, value);
  });
}

/** Writes BundleHeaderProto for little-endian data. */
export function writeBundleHeader(shards: number): Uint8Array {
  return encodeMessage((header) => {
    header.tag(1, WireType.Varint).int32(shards);
    writeMessage(header, 3, versionsMessage);
  });
}

/** Writes BundleEntryProto. */
export function writeBundleEntry(entry: BundleEntry): Uint8Array {
  return encodeMessage((writer) => {
    writer.tag(1, WireType.Varint).int32(entry.dtype);
    writeMessage(writer, 2, shapeMessage(entry.shape));
    if (entry.shard !== 0) writer.tag(3, WireType.Varint).int32(entry.shard);
    if (entry.offset !== 0) writer.tag(4, WireType.Varint).int64(entry.offset);
    if (entry.size !== 0) writer.tag(5, WireType.Varint).int64(entry.size);
    if (entry.crc !== 0) writer.tag(6, WireType.Bit32).fixed32(entry.crc);
    for (const slice of entry.slices) writeMessage(writer, 7, sliceMessage(slice));
  });
}
