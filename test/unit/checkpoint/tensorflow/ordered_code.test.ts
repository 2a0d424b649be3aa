import { sliceKey } from '../../../../lib/checkpoint/tensorflow/ordered_code.js';
import { type Extent, wholeSlice } from '../../../../lib/checkpoint/tensorflow/tensor_slice.js';

const hex = (name: string, slice: Extent[]): string => Buffer.from(sliceKey(name, slice)).toString('hex');
const nameHex = (name: string): string => Buffer.from(name, 'utf8').toString('hex');

test('a whole vector, a scalar, a matrix', () => {
  expect(hex('a/biases', wholeSlice(1))).toBe(`00${nameHex('a/biases')}00010101807f`);
  expect(hex('s', [])).toBe(`00${nameHex('s')}000100`);
  expect(hex('w', wholeSlice(2))).toBe(`00${nameHex('w')}00010102807f807f`);
});

test('the two halves of a [4, 3] variable', () => {
  const extent = (start: number, length: number): Extent => ({ start, length });
  expect(hex('v', [extent(0, 2), extent(0, 3)])).toMatch(/80828083$/);
  expect(hex('v', [extent(2, 2), extent(0, 3)])).toMatch(/82828083$/);
});

test('bytes 00 and ff in names are escaped', () => {
  expect(hex('a\0b', [])).toBe('006100ff62000100');
});

test('longer numbers get the header bits of the format', () => {
  const tail = (start: number): string => hex('x', [{ start, length: 1 }]).slice('0078000101 01'.length - 1, -2);
  expect(tail(63)).toBe('bf');
  expect(tail(64)).toBe('c040');
  expect(tail(8191)).toBe('dfff');
  expect(tail(8192)).toBe('e02000');
  expect(tail(2 ** 20)).toBe('f0100000');
  expect(tail(2 ** 52)).toBe('ff10000000000000');
});

test('order of keys is order of names, then of slices', () => {
  const slice = (start: number): Extent[] => [{ start, length: 1 }];
  const keys = [0, 1, 63, 64, 100, 8191, 8192, 2 ** 31, 2 ** 40, 2 ** 53 - 1].map((start) =>
    sliceKey('n', slice(start)),
  );
  keys.unshift(sliceKey('m', slice(5)));
  keys.push(sliceKey('n/b', slice(0)), sliceKey('n1', slice(0)));
  for (let i = 1; i < keys.length; i++) {
    expect(Buffer.compare(keys[i - 1] as Uint8Array, keys[i] as Uint8Array)).toBeLessThan(0);
  }
});
