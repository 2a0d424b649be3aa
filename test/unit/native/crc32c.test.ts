import { crc32c } from '../../../lib/formats/crc32c.js';
import { loadAddon } from '../../../lib/native/binding.js';

const addon = loadAddon();

/** Bytes that look random but are the same each time. */
function bytesOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

describe('the native CRC-32C', () => {
  it.each([
    ['123456789', 0xe3069283],
    ['', 0],
    ['a', 0xc1d04330],
  ])('of %p is what the standard says', (text, expected) => {
    expect(addon.crc32c(new TextEncoder().encode(text))).toBe(expected);
  });

  it('of 32 zeros and 32 ones is what RFC 3720 lists', () => {
    expect(addon.crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(addon.crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });

  it('equals the portable one at every length around its block sizes and at every alignment', () => {
    const bytes = bytesOf(20_000);
    for (const length of [1, 7, 8, 9, 63, 255, 2047, 2048, 6143, 6144, 6145, 12_288, 18_431, 19_000]) {
      for (let offset = 0; offset < 9; offset++) {
        const part = bytes.subarray(offset, offset + length);
        expect(addon.crc32c(part)).toBe(crc32c(part));
      }
    }
  });

  it('continues from what came before', () => {
    const bytes = bytesOf(10_000);
    for (const cut of [0, 1, 17, 6144, 9999, 10_000]) {
      expect(addon.crc32c(bytes.subarray(cut), addon.crc32c(bytes.subarray(0, cut)))).toBe(addon.crc32c(bytes));
    }
  });
});
