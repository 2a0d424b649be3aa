import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';

/** Values and shape of a constant. */
function constant(...args: Parameters<typeof slim.constant>): { values: unknown; shape: unknown; dtype: string } {
  const tensor = new Graph().build(() => slim.constant(...args));
  return { values: tensor.node.attrs.values, shape: tensor.shape, dtype: tensor.dtype };
}

test.each<[slim.NestedValues, number[], number[]]>([
  [3, [], [3]],
  [[1, 2, 3], [3], [1, 2, 3]],
  [Float32Array.of(1, 2), [2], [1, 2]],
  [BigInt64Array.of(1n, 2n), [2], [1, 2]],
  [
    [
      [1, 2],
      [3, 4],
    ],
    [2, 2],
    [1, 2, 3, 4],
  ],
  [
    [
      [[1], [2], [3]],
      [[4], [5], [6]],
    ],
    [2, 3, 1],
    [1, 2, 3, 4, 5, 6],
  ],
  [
    [Float32Array.of(1, 2), [3, 4]],
    [2, 2],
    [1, 2, 3, 4],
  ],
  [[], [0], []],
  [[[], []], [2, 0], []],
])('a constant of %j has the shape %j of its lists', (values, shape, list) => {
  expect(constant(values)).toEqual({ values: list, shape, dtype: 'float32' });
});

test('a shape that is given arranges the values, and one value fills it', () => {
  expect(
    constant(
      [
        [1, 2],
        [3, 4],
      ],
      { shape: [4, 1] },
    ),
  ).toMatchObject({ shape: [4, 1], values: [1, 2, 3, 4] });
  expect(constant([[5]], { shape: [2, 3] })).toMatchObject({ shape: [2, 3], values: [5] });
  expect(constant([true, false], { dtype: 'bool' })).toMatchObject({ shape: [2], values: [1, 0], dtype: 'bool' });
});

test.each<[unknown, RegExp]>([
  [[[1, 2], [3]], /^constant: expected a list of 2, as the first one is, received a list of 1 at \[1\]\.$/],
  [[[1, 2], 3], /^constant: expected a list of 2, as the first one is, received 3 at \[1\]\.$/],
  [[1, [2, 3]], /^constant: expected a number, received a list of 2 at \[1\]\.$/],
  [
    [
      [1, 2],
      [3, '4'],
    ],
    /^constant: expected numbers, received the string "4" at \[1\]\[1\]\.$/,
  ],
  [[1, null], /^constant: expected numbers, received null at \[1\]\.$/],
  [[1, undefined], /^constant: expected numbers, received undefined at \[1\]\.$/],
  [[true], /^constant: expected numbers, received true at \[0\]\.$/],
  [{ 0: 1 }, /^constant: expected numbers, received an object\.$/],
  ['12', /^constant: expected numbers, received the string "12"\.$/],
  [new DataView(new ArrayBuffer(4)), /^constant: expected numbers, received DataView\.$/],
])('a constant of %p is refused', (values, message) => {
  expect(() => constant(values as slim.NestedValues)).toThrow(ArgumentError);
  expect(() => constant(values as slim.NestedValues)).toThrow(message);
});

test('values of integers must be integers, and as many as the shape has elements', () => {
  expect(() => constant([[1, 2.5]], { dtype: 'int32' })).toThrow(/expected values of int32, received 2.5/);
  expect(() =>
    constant(
      [
        [1, 2],
        [3, 4],
      ],
      { shape: [3] },
    ),
  ).toThrow(/\[3\] has 3 elements, received 4 values/);
});

test('initial values come from nested lists too, and give the variable its shape', () => {
  const variable = (values: slim.NestedValues, shape?: number[]) =>
    new Graph().build(() => slim.getVariable('v', { shape, initializer: slim.constantInitializer(values) }));
  const made = variable([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(made.shape).toEqual([2, 3]);
  expect(Array.from(made.initialValue([2, 3], 'float32') as Float32Array)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(() => variable([[1, 2, 3]], [3])).toThrow(/its shape is \[3\], that of its initial values \[1,3\]/);
  expect(() => slim.constantInitializer([[1, 2], [3]])).toThrow(
    /^constantInitializer: expected a list of 2, as the first one is, received a list of 1 at \[1\]\.$/,
  );
  expect(() => slim.constantInitializer(['1'] as never)).toThrow(/expected numbers, received the string "1"/);
});
