import { Graph } from '../../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
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
  for (const wrong of [0, -1, 1.5, [1], [1, 2, 3], [1, 0], '3', null, undefined, [1, '2']])
    expect(() => twoElementTuple(wrong)).toThrow(ArgumentError);
});

test('padding in any case', () => {
  expect(paddingOf('same', 'x')).toBe('SAME');
  expect(paddingOf('Valid', 'x')).toBe('VALID');
  for (const wrong of ['FULL', '', null, 1, 'SAME '])
    expect(() => paddingOf(wrong, 'x')).toThrow(/expected SAME or VALID/);
});

test('things that are no tensors are refused by every layer', () => {
  const layers: readonly ((x: never) => unknown)[] = [
    (x) => slim.conv2d(x, 1, 1),
    (x) => slim.maxPool2d(x, 1),
    (x) => slim.avgPool2d(x, 1),
    (x) => slim.fullyConnected(x, 1),
    (x) => slim.biasAdd(x),
    (x) => slim.batchNorm(x),
    (x) => slim.dropout(x),
    (x) => slim.flatten(x),
    (x) => slim.softmax(x),
    (x) => slim.relu(x),
    (x) => slim.add(x, x),
    (x) => nets.subsample(x, 2),
    (x) => nets.conv2dSame(x, 1, 3, 2),
    (x) => nets.resnetV1_50(x),
  ];
  for (const layer of layers) {
    for (const wrong of [undefined, null, 3, [1], new Float32Array(4), { shape: [1, 2, 2, 1] }]) {
      expect(() => new Graph().build(() => layer(wrong as never))).toThrow(ArgumentError);
    }
  }
});
