/**
 * TensorFlow's record files, which event files are: one record after the other, each between checksums.
 *
 *   uint64 length | uint32 masked CRC-32C of those 8 bytes | the bytes | uint32 masked CRC-32C of the bytes
 *
 * All numbers are little-endian (tensorflow/core/lib/io/record_writer.h; without compression).
 */
import type { SlimnetError } from '../errors.js';
import { type Crc32c, maskCrc, crc32c as ownCrc32c } from './crc32c.js';

const lengthBytes = 8;
const crcBytes = 4;
const headBytes = lengthBytes + crcBytes;

/** One record as it stands in a file, in parts: the bytes themselves are not copied. */
export function recordParts(
  bytes: Uint8Array,
  crc32c: Crc32c = ownCrc32c,
): [head: Uint8Array, bytes: Uint8Array, foot: Uint8Array] {
  const head = new Uint8Array(headBytes);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(lengthBytes, maskCrc(crc32c(head.subarray(0, lengthBytes))), true);
  const foot = new Uint8Array(crcBytes);
  new DataView(foot.buffer).setUint32(0, maskCrc(crc32c(bytes)), true);
  return [head, bytes, foot];
}

/**
 * The records of a file's bytes, in order, as views of them.
 * @param damaged makes the error that is thrown where a record is cut off or a checksum is wrong; `offset` is where it begins
 */
export function* readRecords(
  file: Uint8Array,
  damaged: (what: string, offset: number) => SlimnetError,
  crc32c: Crc32c = ownCrc32c,
): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const fits = (at: number, length: number): boolean =>
    maskCrc(crc32c(file.subarray(at, at + length))) === view.getUint32(at + length, true);
  let at = 0;
  while (at < file.length) {
    if (file.length - at < headBytes) throw damaged('a record is cut off within its length', at);
    if (!fits(at, lengthBytes)) throw damaged("the checksum of a record's length is wrong", at);
    const length = view.getBigUint64(at, true);
    const begin = at + headBytes;
    if (length > BigInt(file.length - begin - crcBytes)) throw damaged(`a record of ${length} bytes is cut off`, at);
    const end = begin + Number(length);
    if (!fits(begin, Number(length))) throw damaged(`the checksum of a record of ${length} bytes is wrong`, at);
    yield file.subarray(begin, end);
    at = end + crcBytes;
  }
}
