import { ArgumentError } from '../../../lib/errors.js';
import {
  compareLogits,
  type LogitRows,
  logitRows,
  topClasses,
  topMargins,
  topOneAccuracy,
} from '../../../lib/model/accuracy.js';

function rows(...values: readonly (readonly number[])[]): LogitRows {
  return { shape: [values.length, values[0]?.length ?? 0], data: Float64Array.from(values.flat()) };
}

const three = rows([1, 3, 2], [5, -1, 0], [0, 0, 4]);

test('the class of a row is that of its largest logit, of equal ones the earlier', () => {
  expect(topClasses(three)).toEqual([1, 0, 2]);
  expect(topClasses(rows([2, 7, 7]))).toEqual([1]);
});

test('logits of rank 4, as networks without spatial squeeze give them, are rows as well', () => {
  expect(topClasses({ shape: [3, 1, 1, 3], data: Float32Array.from(three.data) })).toEqual([1, 0, 2]);
});

test('the rows that a model gives are rows', () => {
  const given = logitRows([Float32Array.of(1, 3, 2), Float32Array.of(5, -1, 0)]);
  expect(given).toEqual({ shape: [2, 3], data: Float32Array.of(1, 3, 2, 5, -1, 0) });
  expect(() => topClasses(logitRows([]))).toThrow(ArgumentError);
});

test('the margin is the distance of the two largest logits', () => {
  expect(topMargins(three)).toEqual([1, 5, 4]);
  expect(topMargins(rows([3]))).toEqual([Number.POSITIVE_INFINITY]);
});

test('top-1 accuracy is the share of images whose largest logit is that of their label', () => {
  expect(topOneAccuracy(three, [1, 0, 2])).toBe(1);
  expect(topOneAccuracy(three, Uint8Array.of(1, 1, 2))).toBeCloseTo(2 / 3, 15);
  expect(topOneAccuracy(three, [0, 1, 0])).toBe(0);
});

test('logits agree with themselves', () => {
  const same = compareLogits(three, three);
  expect(same).toMatchObject({ images: 3, agreement: 1, range: 6, maxError: 0, rmsError: 0 });
  expect(same.meanCosine).toBeCloseTo(1, 15);
  expect(same.leastCosine).toBeCloseTo(1, 15);
});

test('a comparison has the agreement, the cosines, and errors relative to the range of what is expected', () => {
  const found = compareLogits(rows([4, 3], [0, 2]), rows([3, 4], [0, 1]));
  // cos of (4, 3) and (3, 4) is 24/25; the differences are 1, -1, 0 and 1, the range is 4.
  expect(found).toMatchObject({ images: 2, agreement: 0.5, range: 4, maxError: 0.25 });
  expect(found.meanCosine).toBeCloseTo((0.96 + 1) / 2, 12);
  expect(found.leastCosine).toBeCloseTo(0.96, 12);
  expect(found.rmsError).toBeCloseTo(Math.sqrt(3 / 4) / 4, 12);
});

test('a scaled row keeps its direction and its class, but not its values', () => {
  const found = compareLogits(rows([2, 6, 4]), rows([1, 3, 2]));
  expect(found.agreement).toBe(1);
  expect(found.leastCosine).toBeCloseTo(1, 15);
  expect(found.maxError).toBeCloseTo(3 / 2, 12);
});

test('where all expected logits are equal there is no range: an error is infinite, none is 0', () => {
  expect(compareLogits(rows([1, 1]), rows([1, 1])).maxError).toBe(0);
  expect(compareLogits(rows([1, 2]), rows([1, 1]))).toMatchObject({
    maxError: Number.POSITIVE_INFINITY,
    rmsError: Number.POSITIVE_INFINITY,
  });
});

test.each<[string, unknown, RegExp]>([
  ['no object', null, /logits: expected \{shape, data\}, received null/],
  ['no shape', { data: new Float32Array(2) }, /logits: expected \{shape, data\}/],
  [
    'integers',
    { shape: [1, 2], data: new Int32Array(2) },
    /data: expected a Float32Array or Float64Array, .* Int32Array/,
  ],
  ['one dimension', { shape: [2], data: new Float32Array(2) }, /shape: expected \[images, classes\]/],
  ['no rows', { shape: [0, 2], data: new Float32Array(0) }, /shape: .* received \[0,2\]/],
  ['a map of logits', { shape: [1, 2, 2, 3], data: new Float32Array(12) }, /shape: .* received \[1,2,2,3\]/],
  [
    'too few values',
    { shape: [2, 2], data: new Float32Array(3) },
    /expected 4 values for the shape \[2,2\], received 3/,
  ],
  ['NaN', rows([1, 2], [Number.NaN, 0]), /row 1: expected finite logits, received NaN/],
  ['infinity', rows([Number.NEGATIVE_INFINITY, 0]), /row 0: expected finite logits, received -Infinity/],
])('logits that are none are refused: %s', (_, logits, message) => {
  for (const use of [topClasses, topMargins]) {
    expect(() => use(logits as LogitRows)).toThrow(ArgumentError);
    expect(() => use(logits as LogitRows)).toThrow(message);
  }
});

test.each<[string, unknown, RegExp]>([
  ['too few', [0, 1], /one for each of the 3 rows of logits, received 2/],
  ['none', undefined, /received undefined/],
  ['no class', [0, 1, 3], /number 2: expected a class from 0 to 2, received 3/],
  ['no integer', [0.5, 1, 1], /number 0: .* received 0\.5/],
])('labels that do not fit the logits are refused: %s', (_, labels, message) => {
  const use = () => topOneAccuracy(three, labels as number[]);
  expect(use).toThrow(ArgumentError);
  expect(use).toThrow(message);
});

test('sets that do not belong together, and rows without a direction, are refused', () => {
  expect(() => compareLogits(rows([1, 2]), three)).toThrow(/expected 3 rows of 3 logits .* received 1 rows of 2/);
  expect(() => compareLogits(rows([0, 0]), rows([1, 2]))).toThrow(
    /actual: row 0: expected logits that are not all zero/,
  );
  expect(() => compareLogits(rows([1, 2]), rows([0, 0]))).toThrow(/expected: row 0: /);
});
