import {
  accepts,
  broadcastShapes,
  checkShape,
  elementCount,
  isConcrete,
  limits,
  normalizeAxis,
  sameShape,
  shapeText,
  typeText,
} from '../../../lib/core/shape.js';
import { ShapeError } from '../../../lib/errors.js';

test('shapes as text', () => {
  expect(shapeText([1, null, 3])).toBe('[1,?,3]');
  expect(typeText({ dtype: 'int32', shape: [] })).toBe('int32[]');
});

test('counts and comparisons know unknown dimensions', () => {
  expect(elementCount([2, 3, 4] as const)).toBe(24);
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, null])).toBeNull();
  expect(isConcrete([1, null])).toBe(false);
  expect(sameShape([1, null], [1, null])).toBe(true);
  expect(sameShape([1], [1, 1])).toBe(false);
  expect(accepts([null, 3], [7, 3])).toBe(true);
  expect(accepts([null, 3], [7, 4])).toBe(false);
  expect(accepts([3], [3, 1])).toBe(false);
});

test('shapes over a limit are refused', () => {
  expect(() => checkShape([1, 2, 3], 'x')).not.toThrow();
  for (const shape of [
    Array.from({ length: limits.rank + 1 }, () => 1),
    [-1],
    [0.5],
    [2 ** 31],
    [2 ** 21, 2 ** 21],
    [Number.NaN],
  ]) {
    expect(() => checkShape(shape, 'x')).toThrow(ShapeError);
  }
});

test('axes may be counted from the end', () => {
  expect(normalizeAxis(-1, 3, 'x')).toBe(2);
  expect(normalizeAxis(0, 1, 'x')).toBe(0);
  for (const axis of [3, -4, 0.5, Number.NaN]) expect(() => normalizeAxis(axis, 3, 'x')).toThrow(ShapeError);
});

test('broadcasting', () => {
  expect(broadcastShapes([2, 1, 3], [4, 1], 'x')).toEqual([2, 4, 3]);
  expect(broadcastShapes([null, 3], [1], 'x')).toEqual([null, 3]);
  expect(broadcastShapes([null], [5], 'x')).toEqual([5]);
  expect(broadcastShapes([], [], 'x')).toEqual([]);
  expect(() => broadcastShapes([2], [3], 'x')).toThrow(ShapeError);
});
