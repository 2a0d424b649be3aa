/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), the checksum of TensorFlow's checkpoint files, and the masked
 * form in which those files store it.
 */

/**
 * Computes or continues a CRC-32C: `crc32c(b, crc32c(a))` is the checksum of a followed by b. A native implementation
 * with this signature can be handed to the readers and writers in place of the one below.
 */
export type Crc32c = (bytes: Uint8Array, seed?: number) => number;

const polynomial = 0x82f63b78;
const slices = 16;

/** Table k, entry v (at `k * 256 + v`): the effect of byte v when k more bytes follow it in the same 16-byte step. */
const tables = buildTables();

function buildTables(): Int32Array {
  const result = new Int32Array(slices * 256);
  for (let value = 0; value < 256; value++) {
    let crc = value;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    result[value] = crc;
  }
  for (let i = 256; i < result.length; i++) {
    const previous = result[i - 256] as number;
    result[i] = (previous >>> 8) ^ (result[previous & 0xff] as number);
  }
  return result;
}

function updateBytes(crc: number, bytes: Uint8Array, from: number, to: number): number {
  const t = tables;
  for (let i = from; i < to; i++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return crc;
}

/** Sixteen bytes a step: the lookups of one step do not wait for each other, only for the step before. */
function updateWords(crc: number, words: Int32Array): number {
  const t = tables;
  const end = words.length - (words.length % 4);
  for (let i = 0; i < end; i += 4) {
    const a = (words[i] as number) ^ crc;
    const b = words[i + 1] as number;
    const c = words[i + 2] as number;
    const d = words[i + 3] as number;
    crc =
      (t[3840 + (a & 0xff)] as number) ^
      (t[3584 + ((a >>> 8) & 0xff)] as number) ^
      (t[3328 + ((a >>> 16) & 0xff)] as number) ^
      (t[3072 + (a >>> 24)] as number) ^
      (t[2816 + (b & 0xff)] as number) ^
      (t[2560 + ((b >>> 8) & 0xff)] as number) ^
      (t[2304 + ((b >>> 16) & 0xff)] as number) ^
      (t[2048 + (b >>> 24)] as number) ^
      (t[1792 + (c & 0xff)] as number) ^
      (t[1536 + ((c >>> 8) & 0xff)] as number) ^
      (t[1280 + ((c >>> 16) & 0xff)] as number) ^
      (t[1024 + (c >>> 24)] as number) ^
      (t[768 + (d & 0xff)] as number) ^
      (t[512 + ((d >>> 8) & 0xff)] as number) ^
      (t[256 + ((d >>> 16) & 0xff)] as number) ^
      (t[d >>> 24] as number);
  }
  return crc;
}

/** The CRC-32C of `bytes`, as an unsigned 32-bit number; `seed` is the checksum of what came before. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  const length = bytes.length;
  const head = Math.min(length, -bytes.byteOffset & 3);
  crc = updateBytes(crc, bytes, 0, head);
  const words = Math.floor((length - head) / 16) * 4;
  if (words > 0) crc = updateWords(crc, new Int32Array(bytes.buffer, bytes.byteOffset + head, words));
  crc = updateBytes(crc, bytes, head + words * 4, length);
  return ~crc >>> 0;
}

const maskDelta = 0xa282ead8;

/** The form in which the files store a checksum, so that a checksum of checksums stays meaningful. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + maskDelta) >>> 0;
}

/** Inverse of `maskCrc`. */
export function unmaskCrc(masked: number): number {
  const rotated = (masked - maskDelta) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
