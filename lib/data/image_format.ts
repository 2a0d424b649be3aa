/** Formats that are decoded. What else the decoder library could read (SVG, PDF) stays shut: it is not for photographs. */
export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff' | 'gif';

/** Bytes at the head of a file that `imageFormat` looks at. */
export const signatureBytes = 64;

/** Brands of an ISO base media file (its `ftyp` box) that hold AV1 pictures. */
const avifBrands = new Set(['avif', 'avis']);

/** The format that the first bytes of a file stand for; null when it is none that is decoded. */
export function imageFormat(bytes: Uint8Array): ImageFormat | null {
  const head = latin1(bytes, 0, signatureBytes);
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return 'tiff';
  if (head.slice(4, 8) === 'ftyp') {
    const end = Math.min(head.length, new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0));
    for (let at = 8; at + 4 <= end; at += 4) if (avifBrands.has(head.slice(at, at + 4))) return 'avif';
  }
  return null;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
