import { BinaryReader } from '@bufbuild/protobuf/wire';
import {
  encodeMessage,
  fieldHead,
  WireType,
  writeBytes,
  writeMessage,
  writeString,
} from '../../../lib/formats/protobuf_writer.js';

// Bytes that the encoding of protocol buffers itself says (https://protobuf.dev/programming-guides/encoding).
test('a message within a message has its length before it', () => {
  const bytes = encodeMessage((outer) => writeMessage(outer, 3, (inner) => inner.tag(1, WireType.Varint).int32(150)));
  expect([...bytes]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
});

test('text is UTF-8 with its length in bytes', () => {
  expect([...encodeMessage((message) => writeString(message, 2, 'testing'))]).toEqual([
    0x12,
    0x07,
    ...Buffer.from('testing'),
  ]);
  expect([...encodeMessage((message) => writeString(message, 2, 'ü'))]).toEqual([0x12, 0x02, 0xc3, 0xbc]);
});

test('an empty message and empty bytes are written all the same', () => {
  const bytes = encodeMessage((message) => {
    writeMessage(message, 1, () => {});
    writeBytes(message, 2, new Uint8Array(0));
  });
  expect([...bytes]).toEqual([0x0a, 0x00, 0x12, 0x00]);
});

test.each([0, 1, 127, 128, 300, 2 ** 31, 2 ** 40])('the head of a field of %p bytes that follow says so', (length) => {
  const reader = new BinaryReader(fieldHead(9, length));
  expect(reader.tag()).toEqual([9, WireType.LengthDelimited]);
  expect(Number(reader.uint64())).toBe(length);
  expect(reader.pos).toBe(reader.len);
});

test('a head and bytes make what the field itself makes', () => {
  const value = Uint8Array.of(1, 2, 3);
  expect(Buffer.concat([fieldHead(5, 3), value])).toEqual(
    Buffer.from(encodeMessage((message) => writeBytes(message, 5, value))),
  );
});
