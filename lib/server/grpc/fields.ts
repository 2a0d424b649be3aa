/** Reading messages of protocol buffers that strangers sent: field by field, so that bounds hold before anything is made of them. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { describe } from '../../core/dtype.js';
import { RequestError } from '../protocol/index.js';

export type FieldReader = (reader: BinaryReader, wire: WireType) => void;

/**
 * Reads a message: `fields` has a reader for each field number of interest; others are skipped, as the wire format asks.
 * @throws RequestError where the bytes are no such message
 */
export function readFields(bytes: Uint8Array, what: string, fields: Readonly<Record<number, FieldReader>>): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const field = fields[number];
      if (field === undefined) reader.skip(wire, number);
      else field(reader, wire);
    }
  } catch (cause) {
    if (cause instanceof RequestError) throw cause;
    throw new RequestError('malformed', `${what} is no message of the protocol: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** A reader of a field of a type, which refuses every other. */
function typed(expected: WireType, read: (reader: BinaryReader) => void): FieldReader {
  return (reader, wire) => {
    assertWire(wire, expected);
    read(reader);
  };
}

export function assertWire(wire: WireType, expected: WireType): void {
  if (wire !== expected) throw new Error(`a field has wire type ${wire}, expected ${expected}`);
}

export const textField = (set: (text: string) => void): FieldReader =>
  typed(WireType.LengthDelimited, (reader) => set(reader.string(true)));

export const bytesField = (set: (bytes: Uint8Array) => void): FieldReader =>
  typed(WireType.LengthDelimited, (reader) => set(reader.bytes()));

export const boolField = (set: (value: boolean) => void): FieldReader =>
  typed(WireType.Varint, (reader) => set(reader.bool()));

export const doubleField = (set: (value: number) => void): FieldReader =>
  typed(WireType.Bit64, (reader) => set(reader.double()));

/** An integer that JavaScript has exactly. */
export const integerField = (signed: boolean, set: (value: number) => void): FieldReader =>
  typed(WireType.Varint, (reader) => set(exact(signed ? reader.int64() : reader.uint64())));

/** A field of integers, one by one or packed; `add` bounds how many there may be. */
export const integersField =
  (add: (value: number) => void): FieldReader =>
  (reader, wire) => {
    if (wire === WireType.Varint) {
      add(exact(reader.int64()));
      return;
    }
    assertWire(wire, WireType.LengthDelimited);
    const end = reader.uint32() + reader.pos;
    while (reader.pos < end) add(exact(reader.int64()));
  };

function exact(value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new Error(`the number ${describe(String(value))} is too large`);
  return number;
}
