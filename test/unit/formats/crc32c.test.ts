import { crc32c, maskCrc, unmaskCrc } from '../../../lib/formats/crc32c.js';
import { hash } from '../checkpoint/fixtures.js';

/** The definition, bit by bit. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

const text = (value: string): Uint8Array => Buffer.from(value, 'latin1');

test.each([
  ['', 0],
  ['a', 0xc1d04330],
  ['123456789', 0xe3069283],
  ['\0'.repeat(32), 0x8a9136aa],
])('of %j', (value, expected) => {
  expect(crc32c(text(value))).toBe(expected);
});

test('equals the definition for every length and alignment around its step of 16 bytes', () => {
  const buffer = Uint8Array.from({ length: 120 }, (_, i) => Math.floor(256 * hash(i, 5)));
  for (let start = 0; start < 8; start++) {
    for (let length = 0; length <= 100; length++) {
      const bytes = buffer.subarray(start, start + length);
      expect(crc32c(bytes)).toBe(slowCrc(bytes));
    }
  }
});

test('continues from a seed', () => {
  const bytes = Uint8Array.from({ length: 301 }, (_, i) => Math.floor(256 * hash(i, 6)));
  for (const cut of [0, 1, 15, 16, 17, 150, 300, 301]) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
  }
});

test('masked as the files store it', () => {
  expect(maskCrc(0xe3069283)).toBe(0xc78ab0e5);
  expect(maskCrc(0)).toBe(0xa282ead8);
  for (const crc of [0, 1, 0xffffffff, 0x80000000, 0xe3069283]) expect(unmaskCrc(maskCrc(crc))).toBe(crc);
});
