/**
 * Decoder for raw Snappy blocks. TensorFlow's own writers store blocks uncompressed; other writers of the same table
 * format may not. The declared length is checked against what so many bytes can expand to before memory is taken.
 */
import { CheckpointError } from '../../errors.js';

/** No element of the format gives more bytes for one byte of input: a 3-byte copy gives 64. */
const maxExpansion = 22;

interface Where {
  readonly path: string;
  readonly offset: number;
}

/** The decoded bytes of one block. @throws CheckpointError for every violation of the format. */
export function decodeSnappy(input: Uint8Array, where: Where): Uint8Array {
  const fail = (what: string, position: number): CheckpointError =>
    new CheckpointError(`The compressed block is damaged: ${what}.`, {
      path: where.path,
      offset: where.offset + position,
    });

  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++];
    if (byte === undefined || shift > 28) throw fail('its length is malformed', at - 1);
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > input.length * maxExpansion) {
    throw fail(`it claims ${length} bytes, more than ${input.length} compressed bytes can hold`, 0);
  }
  const output = new Uint8Array(length);
  let out = 0;

  const littleEndian = (bytes: number): number => {
    if (at + bytes > input.length) throw fail('it ends within an element', at);
    let value = 0;
    for (let i = 0; i < bytes; i++) value += (input[at + i] as number) * 2 ** (8 * i);
    at += bytes;
    return value;
  };

  while (at < input.length) {
    const start = at;
    const tag = input[at++] as number;
    const kind = tag & 3;
    let count: number;
    let distance = 0;
    if (kind === 0) {
      const small = tag >>> 2;
      count = (small < 60 ? small : littleEndian(small - 59)) + 1;
      if (at + count > input.length) throw fail('a literal passes its end', start);
    } else if (kind === 1) {
      count = 4 + ((tag >>> 2) & 7);
      distance = ((tag >>> 5) << 8) | littleEndian(1);
    } else {
      count = 1 + (tag >>> 2);
      distance = littleEndian(kind === 2 ? 2 : 4);
    }
    if (out + count > length) throw fail(`it holds more than the ${length} bytes that it claims`, start);
    if (kind === 0) {
      output.set(input.subarray(at, at + count), out);
      at += count;
    } else {
      if (distance === 0 || distance > out) throw fail(`a copy reaches ${distance} bytes back, over its start`, start);
      // Byte by byte, as source and destination may overlap: that is how the format repeats a pattern.
      for (let i = 0; i < count; i++) output[out + i] = output[out + i - distance] as number;
    }
    out += count;
  }
  if (out !== length) throw fail(`it holds ${out} bytes and claims ${length}`, at);
  return output;
}
