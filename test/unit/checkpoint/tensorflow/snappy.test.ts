import { decodeSnappy } from '../../../../lib/checkpoint/tensorflow/snappy.js';
import { CheckpointError } from '../../../../lib/errors.js';

const where = { path: 'x.ckpt', offset: 100 };
const decode = (...bytes: number[]): string => Buffer.from(decodeSnappy(Uint8Array.from(bytes), where)).toString();
const ascii = (value: string): number[] => [...Buffer.from(value)];

test('literals of all lengths of length', () => {
  expect(decode(0)).toBe('');
  expect(decode(3, 2 << 2, ...ascii('abc'))).toBe('abc');
  const long = 'x'.repeat(300);
  expect(decode(0xac, 0x02, 61 << 2, 0x2b, 0x01, ...ascii(long))).toBe(long);
  expect(decode(70, 60 << 2, 69, ...ascii('y'.repeat(70)))).toBe('y'.repeat(70));
});

test('copies with 1, 2 and 4 bytes of distance, also overlapping', () => {
  expect(decode(8, 3 << 2, ...ascii('abcd'), 1, 4)).toBe('abcdabcd');
  expect(decode(10, 1 << 2, ...ascii('ab'), (7 << 2) | 2, 2, 0)).toBe('ababababab');
  expect(decode(6, 2 << 2, ...ascii('abc'), (2 << 2) | 3, 3, 0, 0, 0)).toBe('abcabc');
});

test.each([
  ['no length', []],
  ['a length that does not end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ['a length that so few bytes cannot hold', [0xff, 0xff, 0xff, 0x7f, 0]],
  ['a literal past the end', [5, 4 << 2, 1, 2]],
  ['a copy from before the start', [8, 3 << 2, 1, 2, 3, 4, 1, 5]],
  ['a copy of distance 0', [8, 3 << 2, 1, 2, 3, 4, 1, 0]],
  ['more bytes than claimed', [2, 3 << 2, 1, 2, 3, 4]],
  ['fewer bytes than claimed', [9, 3 << 2, 1, 2, 3, 4]],
  ['an element cut in the middle', [9, 3 << 2, 1, 2, 3, 4, 2]],
])('refuses %s', (_, bytes) => {
  expect(() => decode(...bytes)).toThrow(CheckpointError);
});
