/** Which dynamic loader a program names: that tells the C library it was linked for. */
import { closeSync, openSync, readSync } from 'node:fs';

const [headerBytes, entryBytes, interpreterKind] = [64, 56, 3];

/**
 * The dynamic loader that a 64-bit, little-endian ELF program asks for, such as `/lib64/ld-linux-x86-64.so.2`; undefined where it asks for none or is
 * no such program. Its place in the file is where the program's headers say: tools that carry programs elsewhere move it to the end.
 */
export function interpreterOf(path: string): string | undefined {
  const file = openSync(path, 'r');
  const bytesAt = (position: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, position));
  };
  try {
    const header = bytesAt(0, headerBytes);
    if (header.length < headerBytes || header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined;
    const entries = bytesAt(Number(header.readBigUInt64LE(32)), entryBytes * header.readUInt16LE(56));
    for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
      if (entries.readUInt32LE(at) !== interpreterKind) continue;
      const length = Math.min(Number(entries.readBigUInt64LE(at + 32)), 4096);
      return bytesAt(Number(entries.readBigUInt64LE(at + 8)), length)
        .toString('latin1')
        .replace(/\0.*$/s, '');
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}
