/**
 * The order-preserving encoding of the keys of tensor slices: comparing two encoded keys byte by byte compares the
 * values.
 * Only the direction that is needed exists: readers look keys up by encoding what the table of contents says.
 */
import type { Extent } from './tensor_slice.js';

/** Unsigned number: one byte for the length, then that many bytes, big-endian, without leading zeros. */
function pushUnsigned(out: number[], value: number): void {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  out.push(bytes.length, ...bytes);
}

/** String: 00 and ff are escaped, 00 01 ends it. */
function pushString(out: number[], bytes: Uint8Array): void {
  for (const byte of bytes) {
    out.push(byte);
    if (byte === 0x00) out.push(0xff);
    else if (byte === 0xff) out.push(0x00);
  }
  out.push(0x00, 0x01);
}

/**
 * Signed number: n bytes hold values in [-2^(7n-1), 2^(7n-1)); the length is told by a run of bits equal to the sign.
 */
function pushSigned(out: number[], value: bigint): void {
  let n = 1;
  while (value < -(1n << BigInt(7 * n - 1)) || value >= 1n << BigInt(7 * n - 1)) n++;
  const bytes: number[] = [];
  for (let i = n - 1; i >= 0; i--) bytes.push(Number((value >> BigInt(8 * i)) & 0xffn));
  // The header is n ones from the top; it flips the sign bit so that negative numbers sort first.
  const header = n <= 8 ? (0xff00 >> n) & 0xff : 0xff;
  bytes[0] = (bytes[0] as number) ^ header;
  if (n > 8) bytes[1] = (bytes[1] as number) ^ ((0xff00 >> (n - 8)) & 0xff);
  out.push(...bytes);
}

/**
 * Key of one slice of a tensor: (0, name, rank, and start and length of each dimension; a whole dimension is 0, -1).
 */
export function sliceKey(name: string, slice: readonly Extent[]): Uint8Array {
  const out: number[] = [];
  pushUnsigned(out, 0);
  pushString(out, Buffer.from(name, 'utf8'));
  pushUnsigned(out, slice.length);
  for (const extent of slice) {
    pushSigned(out, BigInt(extent.start));
    pushSigned(out, BigInt(extent.length ?? -1));
  }
  return Uint8Array.from(out);
}
