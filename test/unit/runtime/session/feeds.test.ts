import { Graph, type Tensor } from '../../../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../../../lib/errors.js';
import { checkFeeds, checkShapes } from '../../../../lib/runtime/session/feeds.js';
import { placeholder } from '../../../helpers/graphs.js';

const graph = new Graph();
const image = placeholder(graph, 'image', [null, 2, 2, 3]);
const fixed = placeholder(graph, 'fixed', [2, 3]);
const open = placeholder(graph, 'open', [null, null, 3]);
const labels = placeholder(graph, 'labels', [null], 'int64');
const scalar = placeholder(graph, 'scalar', []);

const shapeOf = (tensor: Tensor, feed: unknown): readonly number[] | undefined => {
  return checkFeeds([tensor], { [tensor.name]: feed })[0]?.shape;
};

describe('feeds', () => {
  it('take the shape of a placeholder that is fully known', () => {
    expect(shapeOf(fixed, new Float32Array(6))).toEqual([2, 3]);
    expect(shapeOf(scalar, new Float32Array(1))).toEqual([]);
  });

  it('derive one unknown dimension from the length', () => {
    expect(shapeOf(image, new Float32Array(36))).toEqual([3, 2, 2, 3]);
    expect(shapeOf(labels, new BigInt64Array(5))).toEqual([5]);
    expect(shapeOf(labels, new BigInt64Array(0))).toEqual([0]);
  });

  it('accept arrays with their shape', () => {
    expect(shapeOf(open, { data: new Float32Array(24), shape: [2, 4, 3] })).toEqual([2, 4, 3]);
    expect(shapeOf(image, { data: new Float32Array(24), dtype: 'float32' })).toEqual([2, 2, 2, 3]);
  });

  it('accept arrays that follow one another, with a shape or without', () => {
    const parts = [new Float32Array(12), new Float32Array(24), new Float32Array(0)];
    expect(shapeOf(image, parts)).toEqual([3, 2, 2, 3]);
    expect(shapeOf(open, { data: parts, shape: [3, 4, 3] })).toEqual([3, 4, 3]);
    expect(checkFeeds([image], { image: parts })[0]?.data).toEqual(parts);
    expect(shapeOf(image, [])).toEqual([0, 2, 2, 3]);
  });

  it('copy the shape, so that the caller may change it', () => {
    const shape = [2, 4, 3];
    const [input] = checkFeeds([open], { open: { data: new Float32Array(24), shape } });
    shape[0] = 7;
    expect(input?.shape).toEqual([2, 4, 3]);
  });

  it('come in the order of the placeholders', () => {
    const inputs = checkFeeds([fixed, scalar], { scalar: new Float32Array(1), fixed: new Float32Array(6) });
    expect(inputs.map((input) => input.name)).toEqual(['fixed', 'scalar']);
  });

  it.each<[string, Tensor, unknown, new (m: string) => Error, RegExp]>([
    [
      'another typed array',
      fixed,
      new Float64Array(6),
      ArgumentError,
      /Input fixed: expected Float32Array .*received Float64Array/,
    ],
    [
      'a plain array',
      fixed,
      [1, 2, 3, 4, 5, 6],
      ArgumentError,
      /Input fixed: expected Float32Array, several of them in an array, or \{ data, shape \}, received an array of 6/,
    ],
    [
      'arrays of which one is of another kind',
      fixed,
      [new Float32Array(3), new Float64Array(3)],
      ArgumentError,
      /Input fixed\[1\]: expected Float32Array .*received Float64Array/,
    ],
    [
      'arrays that are too short together',
      fixed,
      [new Float32Array(3), new Float32Array(2)],
      ShapeError,
      /expected 6 elements for float32\[2,3\], received 5/,
    ],
    ['null', fixed, null, ArgumentError, /received null/],
    ['a DataView', fixed, new DataView(new ArrayBuffer(24)), ArgumentError, /received DataView/],
    ['too few elements', fixed, new Float32Array(5), ShapeError, /expected 6 elements for float32\[2,3\], received 5/],
    ['no multiple', image, new Float32Array(13), ShapeError, /a multiple of 12 elements .*received 13/],
    [
      'two unknown dimensions',
      open,
      new Float32Array(6),
      ArgumentError,
      /2 unknown dimensions.*Hint: feed \{ data, shape/,
    ],
    [
      'a shape that does not fit',
      image,
      { data: new Float32Array(12), shape: [1, 2, 3, 2] },
      ShapeError,
      /received shape \[1,2,3,2\]/,
    ],
    [
      'a shape of another size',
      image,
      { data: new Float32Array(12), shape: [2, 2, 2, 3] },
      ShapeError,
      /has 24 elements, received 12/,
    ],
    [
      'a negative dimension',
      image,
      { data: new Float32Array(12), shape: [-1, 2, 2, 3] },
      ShapeError,
      /expected a shape such as/,
    ],
    [
      'a dimension that is not whole',
      image,
      { data: new Float32Array(12), shape: [1.5, 2, 2, 3] },
      ShapeError,
      /expected a shape such as/,
    ],
    [
      'another dtype',
      image,
      { data: new Float32Array(12), shape: [1, 2, 2, 3], dtype: 'int8' },
      ArgumentError,
      /expected dtype float32/,
    ],
    ['a misspelled field', image, { data: new Float32Array(12), shap: [1, 2, 2, 3] }, ArgumentError, /no field shap/],
  ])('refuse %s', (_, tensor, feed, ErrorClass, message) => {
    const attempt = (): unknown => checkFeeds([tensor], { [tensor.name]: feed });
    expect(attempt).toThrow(ErrorClass);
    expect(attempt).toThrow(message);
  });

  it('name what is missing and what was given', () => {
    expect(() => checkFeeds([fixed, image], { image: new Float32Array(12) })).toThrow(
      /Input fixed: expected float32\[2,3\].*\(image\)/,
    );
  });

  it('refuse what is not needed', () => {
    expect(() => checkFeeds([fixed], { fixed: new Float32Array(6), extra: new Float32Array(1) })).toThrow(
      /Input extra is not needed.*fixed/,
    );
    expect(() => checkFeeds([], { toString: new Float32Array(1) })).toThrow(/Input toString is not needed/);
  });

  it('do not take inherited properties for feeds', () => {
    const named = placeholder(new Graph(), 'toString', [1]);
    expect(() => checkFeeds([named], {})).toThrow(/Input toString: expected float32\[1\]/);
  });

  it.each([[null], [7], ['x'], [[]], [new Float32Array(1)]])('refuse %p in place of an object', (feeds) => {
    expect(() => checkFeeds([fixed], feeds)).toThrow(ArgumentError);
  });
});

describe('shapes for a report', () => {
  it('are needed where a dimension is unknown', () => {
    expect(() => checkShapes([image], {})).toThrow(/image \(float32\[\?,2,2,3\]\) has unknown dimensions/);
    expect(checkShapes([image, fixed], { image: [5, 2, 2, 3] })).toEqual([
      { name: 'image', shape: [5, 2, 2, 3] },
      { name: 'fixed', shape: [2, 3] },
    ]);
  });

  it('must fit and be of inputs', () => {
    expect(() => checkShapes([image], { image: [5, 2, 2] })).toThrow(ShapeError);
    expect(() => checkShapes([fixed], { other: [1] })).toThrow(/other is no input/);
  });
});
