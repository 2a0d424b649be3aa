/** The names that archives hold, as far as a file's first and last bytes tell them. */
import { gunzipSync, constants as zlib } from 'node:zlib';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

/** Names in a zip archive: those of entries at its start, and of its directory at its end. */
export function zipNames(head: Uint8Array, tail: Uint8Array): Set<string> {
  return new Set([...entriesOf(head, 'PK\x03\x04', 26, 30), ...entriesOf(tail, 'PK\x01\x02', 28, 46)]);
}

/** @param lengthAt where in an entry the length of its name stands @param nameAt where the name does */
function entriesOf(bytes: Uint8Array, signature: string, lengthAt: number, nameAt: number): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const names: string[] = [];
  for (let at = buffer.indexOf(signature, 0, 'latin1'); at >= 0; at = buffer.indexOf(signature, at + 4, 'latin1')) {
    if (at + nameAt > buffer.length) break;
    const length = buffer.readUInt16LE(at + lengthAt);
    if (at + nameAt + length <= buffer.length) names.push(buffer.toString('utf8', at + nameAt, at + nameAt + length));
  }
  return names;
}

const tarBlock = 512;

/** True when bytes begin with a tar header: its checksum counts its own field as spaces. */
export function isTar(bytes: Uint8Array): boolean {
  if (bytes.length < tarBlock) return false;
  const stored = Number.parseInt(latin1(bytes.subarray(148, 156)).replace(/[\0 ].*$/s, ''), 8);
  let sum = 0;
  for (let i = 0; i < tarBlock; i++) sum += i >= 148 && i < 156 ? 32 : (bytes[i] as number);
  return sum === stored && bytes[0] !== 0;
}

/** Names in the part of a tar archive that is there. */
export function tarNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let at = 0; at + tarBlock <= bytes.length && isTar(bytes.subarray(at, at + tarBlock)); ) {
    const header = bytes.subarray(at, at + tarBlock);
    names.push(latin1(header.subarray(0, 100)).replace(/\0.*$/s, ''));
    const size = Number.parseInt(latin1(header.subarray(124, 136)).replace(/[\0 ].*$/s, ''), 8);
    if (!Number.isSafeInteger(size) || size < 0) break;
    at += tarBlock * (1 + Math.ceil(size / tarBlock));
  }
  return names;
}

/** What the first bytes of a gzip file unpack to; nothing where they are damaged. */
export function unpackedStart(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0);
  }
}
