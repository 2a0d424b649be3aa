/**
 * Whether a JPEG file has Adobe's APP14 segment (ITU-T T.872). Numbers of CMYK are what the inks leave of white then.
 */
export function hasAdobeSegment(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] as number;
    if (marker === startOfScan) return false;
    // Bytes of value 255 may stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === app14 && String.fromCharCode(...bytes.subarray(at + 4, at + 9)) === 'Adobe') return true;
    at += 2 + view.getUint16(at + 2);
  }
  return false;
}

const startOfScan = 0xda;
const app14 = 0xee;
