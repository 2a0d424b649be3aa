/** What TF-Slim's ClassificationTest asserts, in_top_k and confusion_matrix. */
import type { DType, TypedArray } from '../../../lib/core/dtype.js';
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate } from '../numbers.js';
import { build, inGraph } from '../support.js';

const { accuracy, confusionMatrix, inTopK } = slim.metrics;

const arrays: Partial<Record<DType, (values: readonly number[]) => TypedArray>> = {
  int32: (values) => new Int32Array(values),
  int64: (values) => BigInt64Array.from(values, BigInt),
  bool: (values) => new Uint8Array(values),
};

describe.each(devices)('ClassificationTest on %s', (device) => {
  const feed = (dtype: DType, values: readonly number[]) => ({
    data: arrays[dtype]?.(values) as TypedArray,
    shape: [4],
  });

  test.each([
    ['testAccuracy1D', 'int32'],
    ['testAccuracy1DBool', 'bool'],
    ['testAccuracy1DInt64', 'int64'],
  ] as const)('%s', async (_, dtype) => {
    const { graph, value } = build(() =>
      accuracy(slim.placeholder(dtype, [null], { name: 'pred' }), slim.placeholder(dtype, [null], { name: 'labels' })),
    );
    const feeds = { pred: feed(dtype, [1, 0, 1, 0]), labels: feed(dtype, [1, 1, 0, 0]) };
    expect((await evaluate(graph, device, { value }, { feeds })).value?.data).toEqual([0.5]);
  });

  test.each([
    ['testAccuracy1DWeighted', [3, 1, 2, 0], [null], [4], 0.5],
    ['testAccuracy1DWeightedBroadcast', [3], [], [], 0.75],
  ] as const)('%s', async (_, weights, open, shape, expected) => {
    const { graph, value } = build(() =>
      accuracy(
        slim.placeholder('int32', [null], { name: 'pred' }),
        slim.placeholder('int32', [null], { name: 'labels' }),
        { weights: slim.placeholder('float32', open, { name: 'weights' }) },
      ),
    );
    const feeds = {
      pred: feed('int32', [1, 0, 1, 1]),
      labels: feed(
        'int32',
        [1, 1, 1, 1].map((v, i) => (i === 2 && shape.length === 1 ? 0 : v)),
      ),
      weights: { data: new Float32Array(weights), shape },
    };
    expect((await evaluate(graph, device, { value }, { feeds })).value?.data).toEqual([expected]);
  });

  test('a confusion matrix has labels by row, converts the weights, and drops a last dimension of 1', async () => {
    const { graph, value } = build(() => {
      const labels = slim.constant([0, 1, 2, 1], { dtype: 'int32' });
      const predictions = slim.constant([0, 2, 2, 2], { dtype: 'int64', shape: [4, 1] });
      return {
        counted: confusionMatrix(labels, predictions, 3),
        weighted: confusionMatrix(labels, predictions, 3, {
          weights: slim.constant([0.5, 1.5, 2, 1]),
          dtype: 'float32',
        }),
        truncated: confusionMatrix(labels, predictions, 3, { weights: slim.constant([0.5, 1.5, 2, 1]) }),
      };
    });
    expect(value.counted.dtype).toBe('int32');
    const { counted, weighted, truncated } = await evaluate(graph, device, value);
    expect(counted?.data).toEqual([1, 0, 0, 0, 0, 2, 0, 0, 1]);
    expect(weighted?.data).toEqual([0.5, 0, 0, 0, 0, 2.5, 0, 0, 2]);
    expect(truncated?.data).toEqual([0, 0, 0, 0, 0, 2, 0, 0, 2]);
  });

  test('in_top_k counts ties in favour, and nothing where a value is not finite', async () => {
    const { graph, value } = build(() => {
      const targets = slim.constant([1, 1, 1], { dtype: 'int32' });
      const predictions = slim.constant([0.4, 0.4, 0.1, 0.5, 0.4, 0.4, 0.4, Infinity, 0.1], { shape: [3, 3] });
      return { first: inTopK(predictions, targets, 1), second: inTopK(predictions, targets, 2) };
    });
    expect(value.first.dtype).toBe('bool');
    const { first, second } = await evaluate(graph, device, value);
    expect(first?.data).toEqual([1, 0, 0]);
    expect(second?.data).toEqual([1, 1, 0]);
  });

  test('a class that does not exist ends the run with an error', async () => {
    const { graph, value } = build(() => {
      const labels = slim.constant([0, 3], { dtype: 'int32' });
      return confusionMatrix(labels, labels, 3);
    });
    await expect(evaluate(graph, device, { value })).rejects.toMatchObject({
      code: 'ERR_EXECUTION',
      message: expect.stringContaining('labels: element 1: expected 0 to 2, received 3.'),
    });
  });
});

const of = (dtype: DType, ...shape: number[]) => slim.constant(1, { shape, dtype });

test.each([
  ['testAccuracyDtypeMismatch', () => accuracy(of('int32', 2), of('int64', 2)), ArgumentError, /one dtype/],
  ['testAccuracyFloatLabels', () => accuracy(of('int32', 2), of('float32', 2)), ArgumentError, /integers or bool/],
  ['accuracy of other shapes', () => accuracy(of('int32', 2), of('int32', 3)), ShapeError, /cannot be combined/],
  ['a k that is negative', () => inTopK(of('float32', 2, 3), of('int32', 2), -1), ShapeError, /k: expected/],
  ['targets that are no integers', () => inTopK(of('float32', 2, 3), of('float32', 2), 1), ShapeError, /integer dtype/],
  ['no classes', () => confusionMatrix(of('int32', 2), of('int32', 2), 0), ArgumentError, /numClasses/],
  ['labels of another shape', () => confusionMatrix(of('int32', 2), of('int32', 3), 2), ShapeError, /one shape/],
  [
    'labels that are no integers',
    () => confusionMatrix(of('float32', 2), of('int32', 2), 2),
    ShapeError,
    /integer dtype/,
  ],
] as const)('%s is refused', (_, make, error, message) => {
  expect(() => inGraph(make)).toThrow(error);
  expect(() => inGraph(make)).toThrow(message);
});
