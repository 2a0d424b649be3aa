import { runInNewContext } from 'node:vm';
import {
  allocate,
  bytesOf,
  describe as describeValue,
  dtypes,
  holds,
  isDType,
  isFloating,
  typedArrayName,
} from '../../../lib/core/dtype.js';
import { ArgumentError } from '../../../lib/errors.js';

test.each(Object.keys(dtypes) as (keyof typeof dtypes)[])('%s is held by arrays of its size', (dtype) => {
  const array = allocate(dtype, 3);
  expect(array.byteLength).toBe(3 * bytesOf(dtype));
  expect(holds(dtype, array)).toBe(true);
  expect(isDType(dtype)).toBe(true);
});

test('arrays of other realms count', () => {
  const foreign: unknown = runInNewContext('new Float32Array(2)');
  expect(holds('float32', foreign)).toBe(true);
  expect(holds('int32', foreign)).toBe(false);
  expect(typedArrayName(foreign)).toBe('Float32Array');
  expect(() => typedArrayName([1])).toThrow(ArgumentError);
});

test('names that are no dtype', () => {
  for (const name of ['toString', 'float', '', null, 3]) expect(isDType(name)).toBe(false);
  expect(isFloating('bfloat16')).toBe(true);
  expect(isFloating('uint8')).toBe(false);
});

test('values in messages are short', () => {
  expect(describeValue('x'.repeat(1000)).length).toBeLessThan(100);
  expect([null, [1, 2], new Float32Array(1), {}, 3, undefined, () => 1].map(describeValue)).toEqual([
    'null',
    'an array of 2',
    'Float32Array',
    'an object',
    '3',
    'undefined',
    'a function',
  ]);
});
