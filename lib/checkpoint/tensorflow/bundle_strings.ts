/**
 * String tensors in V2 data shards: the varint lengths of all strings, a masked checksum of those lengths, then the
 * bytes. The tensor's own checksum covers the lengths as fixed-width integers, the stored checksum, and the bytes.
 */
import { CheckpointError } from '../../errors.js';
import { type Crc32c, maskCrc } from '../../formats/crc32c.js';
import type { Where } from './messages.js';
import { pushVarint } from './table_writer.js';

/** A string's length as the checksums see it: 4 bytes, or 8 where it needs them, in the file's byte order. */
function fixedLength(length: number, bigEndian: boolean): Uint8Array {
  const wide = length > 0xffffffff;
  const view = new DataView(new ArrayBuffer(wide ? 8 : 4));
  if (wide) view.setBigUint64(0, BigInt(length), !bigEndian);
  else view.setUint32(0, length, !bigEndian);
  return new Uint8Array(view.buffer);
}

function crcOfLengths(lengths: readonly number[], bigEndian: boolean, crc32c: Crc32c): number {
  let crc = 0;
  for (const length of lengths) crc = crc32c(fixedLength(length, bigEndian), crc);
  return crc;
}

/** Takes a string tensor's bytes apart. @returns the strings and the checksum that the index must have stored. */
export function decodeStrings(
  bytes: Uint8Array,
  count: number,
  bigEndian: boolean,
  crc32c: Crc32c,
  where: Where,
): { strings: Uint8Array[]; crc: number } {
  const fail = (what: string, at: number): CheckpointError =>
    new CheckpointError(`The stored strings are damaged: ${what}.`, { path: where.path, offset: where.offset + at });
  if (count === 0 && bytes.length === 0) return { strings: [], crc: 0 };
  // Every string takes at least one byte for its length.
  if (count > bytes.length) throw fail(`${count} strings do not fit into ${bytes.length} bytes`, 0);
  let at = 0;
  let total = 0;
  const lengths: number[] = [];
  for (let i = 0; i < count; i++) {
    let length = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 128 ** 7) throw fail(`the length of string ${i} is malformed`, at - 1);
      length += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    lengths.push(length);
    total += length;
  }
  if (at + 4 + total !== bytes.length) throw fail(`the strings take ${total} bytes of ${bytes.length - at - 4}`, at);
  const lengthsCrc = crcOfLengths(lengths, bigEndian, crc32c);
  const stored = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, !bigEndian);
  if (stored !== maskCrc(lengthsCrc)) throw fail('the checksum of their lengths is wrong', at);
  const crc = crc32c(bytes.subarray(at), lengthsCrc);
  at += 4;
  const strings = lengths.map((length) => {
    at += length;
    return bytes.slice(at - length, at);
  });
  return { strings, crc };
}

/** The bytes of a string tensor, and the checksum for the index (not masked). */
export function encodeStrings(strings: readonly Uint8Array[], crc32c: Crc32c): { parts: Uint8Array[]; crc: number } {
  const lengths = strings.map((value) => value.length);
  const head: number[] = [];
  for (const length of lengths) pushVarint(head, length);
  let crc = crcOfLengths(lengths, false, crc32c);
  const stored = new Uint8Array(4);
  new DataView(stored.buffer).setUint32(0, maskCrc(crc), true);
  crc = crc32c(stored, crc);
  for (const value of strings) crc = crc32c(value, crc);
  return { parts: [Uint8Array.from(head), stored, ...strings], crc };
}
