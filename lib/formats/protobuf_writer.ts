/** Writing protocol buffers: what the messages of checkpoints, ONNX models and event files have in common. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export { BinaryWriter, WireType };

/** Writes a field that is a message: `write` fills it. */
export function writeMessage(writer: BinaryWriter, field: number, write: (message: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

/** Writes a field of bytes, or a message that is encoded already. */
export function writeBytes(writer: BinaryWriter, field: number, bytes: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
}

/** Writes a field of text. */
export function writeString(writer: BinaryWriter, field: number, text: string): void {
  writer.tag(field, WireType.LengthDelimited).string(text);
}

/** The beginning of a field whose `length` bytes follow from elsewhere, such as values that are not to be copied. */
export function fieldHead(field: number, length: number): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).uint64(length).finish();
}

/** The bytes of the message that `write` fills. */
export function encodeMessage(write: (message: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}
