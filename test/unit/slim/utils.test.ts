import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import { lastDimension, nPositiveIntegers, paddingOf, twoElementTuple } from '../../../lib/slim/utils.js';

test('lastDimension', () => {
  expect(lastDimension([1, null, 3])).toBe(3);
  expect(() => lastDimension([1, null])).toThrow(ShapeError);
  expect(() => lastDimension([1, 3], 4)).toThrow(/rank of shape must be at least 4/);
  expect(() => lastDimension([])).toThrow(ShapeError);
});

test('twoElementTuple and nPositiveIntegers', () => {
  expect(twoElementTuple(3)).toEqual([3, 3]);
  expect(twoElementTuple([1, 2])).toEqual([1, 2]);
  expect(nPositiveIntegers(3, 2)).toEqual([2, 2, 2]);
  for (const wrong of [0, -1, 1.5, [1], [1, 2, 3], [1, 0], '3', null, undefined, [1, '2']]) expect(() => twoElementTuple(wrong)).toThrow(ArgumentError);
});

test('padding in any case', () => {
  expect(paddingOf('same', 'x')).toBe('SAME');
  expect(paddingOf('Valid', 'x')).toBe('VALID');
  for (const wrong of ['FULL', '', null, 1, 'SAME ']) expect(() => paddingOf(wrong, 'x')).toThrow(/expected SAME or VALID/);
});
