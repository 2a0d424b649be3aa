import {
  coverProblem,
  type Extent,
  type Region,
  resolveSlice,
  scatter,
} from '../../../../lib/checkpoint/tensorflow/tensor_slice.js';

const region = (starts: number[], lengths: number[]): Region => ({ starts, lengths });
const extent = (start: number, length?: number): Extent => ({ start, length });

test('a slice is resolved against the shape', () => {
  expect(resolveSlice([extent(1, 2), extent(0)], [4, 3])).toEqual(region([1, 0], [2, 3]));
  expect(resolveSlice([], [])).toEqual(region([], []));
});

test.each([
  ['of another rank', [extent(0)], [4, 3]],
  ['past the end', [extent(3, 2)], [4]],
  ['of negative start', [extent(-1, 2)], [4]],
  ['of negative length', [extent(2, -1)], [4]],
  ['with a start but no length', [extent(1)], [4]],
])('a slice %s is refused', (_, slice, shape) => {
  expect(typeof resolveSlice(slice, shape)).toBe('string');
});

test('regions must cover the tensor exactly once', () => {
  const top = region([0, 0], [2, 3]);
  const bottom = region([2, 0], [2, 3]);
  expect(coverProblem([top, bottom], [4, 3])).toBeUndefined();
  expect(coverProblem([top], [4, 3])).toContain('6 of 12');
  expect(coverProblem([top, top], [4, 3])).toContain('overlap');
  expect(coverProblem([], [4, 3])).toContain('no slices');
});

test.each([
  [
    [4, 3],
    [region([0, 0], [2, 3]), region([2, 0], [2, 3])],
  ],
  [
    [2, 5],
    [region([0, 0], [2, 2]), region([0, 2], [2, 3])],
  ],
  [
    [2, 3, 4],
    [region([0, 0, 0], [2, 1, 4]), region([0, 1, 0], [2, 2, 1]), region([0, 1, 1], [2, 2, 3])],
  ],
  [
    [3, 2, 2, 2],
    [region([0, 1, 0, 0], [3, 1, 2, 1]), region([0, 1, 0, 1], [3, 1, 2, 1]), region([0, 0, 0, 0], [3, 1, 2, 2])],
  ],
])('pieces of %j go to their places', (shape, regions) => {
  const size = shape.reduce((a, b) => a * b, 1);
  const target = new Uint16Array(size);
  const bytes = new Uint8Array(target.buffer);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  for (const { starts, lengths } of regions) {
    // The piece holds, row-major, the flat positions of its elements in the whole.
    let flat = [0];
    for (const [axis, length] of lengths.entries()) {
      flat = flat.flatMap((base) =>
        Array.from({ length }, (_, i) => base + ((starts[axis] as number) + i) * (strides[axis] as number)),
      );
    }
    scatter(bytes, shape, { starts, lengths }, new Uint8Array(Uint16Array.from(flat).buffer), 2);
  }
  expect([...target]).toEqual(Array.from({ length: size }, (_, i) => i));
});
