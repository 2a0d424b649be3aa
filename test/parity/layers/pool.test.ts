/** What TF-Slim's PoolTest and OneHotEncodingTest assert, and scaleGradient. */

import { gradients } from '../../../lib/autodiff/index.js';
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate, feed } from '../numbers.js';
import { build, images, inGraph } from '../support.js';

describe('pool', () => {
  const x = () => images([5, 3, 3, 3]);

  test('testCreatePool, testCreateSquareAvgPool, testGlobalAvgPool', () => {
    inGraph(() => {
      const output = slim.pool(x(), [3, 3], 'AVG');
      expect([output.name, output.shape]).toEqual(['avg_pool', [5, 1, 1, 3]]);
      expect(slim.pool(x(), 3, 'AVG').shape).toEqual([5, 1, 1, 3]);
    });
  });

  test('testCreatePoolNCHW', () => {
    inGraph(() => {
      const output = slim.pool(x(), [3, 3], 'AVG', { dataFormat: 'NCHW' });
      expect([output.name, output.shape]).toEqual(['avg_pool', [5, 3, 1, 1]]);
    });
  });

  test('testCollectOutputs, testCreateMaxPoolWithScope', () => {
    inGraph(() => {
      expect(slim.pool(x(), 3, 'AVG', { outputsCollections: 'outputs' }).aliases).toEqual(['avg_pool']);
      expect(slim.pool(x(), 3, 'MAX', { scope: 'pool1' }).name).toBe('pool1');
    });
  });

  test('testCreateMaxPoolWithSamePadding, testCreateAvgPoolStrideWithSamePadding, testAvgPoolWithStride', () => {
    inGraph(() => {
      expect(slim.pool(x(), 3, 'MAX', { padding: 'SAME' }).shape).toEqual([5, 3, 3, 3]);
      expect(slim.pool(x(), 3, 'AVG', { stride: 1, padding: 'SAME' }).shape).toEqual([5, 3, 3, 3]);
      expect(slim.pool(images([5, 5, 8, 3]), [2, 3], 'AVG', { stride: [1, 2] }).shape).toEqual([5, 4, 3, 3]);
    });
  });

  test('what is refused', () => {
    inGraph(() => {
      expect(() => slim.pool(images([5, 3]), 1, 'MAX')).toThrow(/rank of the inputs must be at least 3/);
      expect(() => slim.pool(images([1, 2, 2, 2, 1]), 1, 'MAX')).toThrow(ShapeError);
      expect(() => slim.pool(x(), [2, 3], 'AVG', { dilationRate: [1, 2] })).toThrow(/dilationRate: expected 1/);
      expect(() => slim.pool(x(), 2, 'MEAN' as never)).toThrow(/poolingType: expected MAX or AVG/);
      expect(() => slim.pool(x(), 2, 'AVG', { dataFormat: 'NCW' })).toThrow(/invalid dataFormat/);
      expect(() => slim.pool(images([2, null, null]), 2, 'AVG')).toThrow(/must be known/);
    });
  });

  test.each(devices)('over one dimension, channels last and first, on %s', async (device) => {
    const { graph, value } = build(() => {
      const line = slim.placeholder('float32', [2, null, 3], { name: 'line' });
      const first = slim.transpose(line, [0, 2, 1]);
      return {
        last: slim.pool(line, 2, 'MAX', { stride: 2 }),
        first: slim.transpose(slim.pool(first, 2, 'MAX', { stride: 2, dataFormat: 'NCW' }), [0, 2, 1]),
      };
    });
    const { last, first } = await evaluate(graph, device, value, { feeds: { line: feed([2, 5, 3], (i) => i) } });
    expect(last).toEqual({ shape: [2, 2, 3], data: [3, 4, 5, 9, 10, 11, 18, 19, 20, 24, 25, 26] });
    expect(first).toEqual(last);
  });
});

describe('oneHotEncoding', () => {
  test('testOneHotEncodingCreate, testCollectOutputs', () => {
    inGraph(() => {
      const labels = slim.constant([0, 1, 2], { dtype: 'int64' });
      const output = slim.oneHotEncoding(labels, 3, { outputsCollections: 'outputs' });
      expect([output.name, output.shape, output.aliases]).toEqual([
        'OneHotEncoding/one_hot',
        [3, 3],
        ['OneHotEncoding'],
      ]);
    });
  });

  test.each(devices)('testOneHotEncoding, testOneHotEncodingInt32, on %s', async (device) => {
    const { graph, value } = build(() => ({
      identity: slim.oneHotEncoding(slim.constant([0, 1, 2], { dtype: 'int32' }), 3),
      outside: slim.oneHotEncoding(slim.constant([-1, 2], { dtype: 'int64' }), 2, { onValue: 0.9, offValue: 0.1 }),
    }));
    const { identity, outside } = await evaluate(graph, device, value);
    expect(identity?.data).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(outside?.data).toEqual([0.1, 0.1, 0.1, 0.1].map(Math.fround));
  });

  test('labels that are no integers are refused', () => {
    inGraph(() => {
      expect(() => slim.oneHotEncoding(slim.constant([0]), 3)).toThrow(/expected an integer dtype/);
      expect(() => slim.oneHotEncoding(slim.constant([0], { dtype: 'int32' }), 0)).toThrow(/numClasses/);
      expect(() => slim.oneHotEncoding(slim.constant([0], { dtype: 'int32' }), 3, { onValue: null as never })).toThrow(
        ArgumentError,
      );
    });
  });
});

test('scaleGradient passes values through and hands on the gradient times its number', () => {
  inGraph(() => {
    const x = slim.constant([42]);
    const y = slim.scaleGradient(x, 2);
    expect([y.shape, y.dtype, y.node.op.differentiable]).toEqual([[1], 'float32', 'yes']);
    const [dx] = gradients(y, [x], { gradYs: [slim.constant([3])] });
    expect(dx?.node.op.name).toBe('mul');
    expect(dx?.node.inputs.map((t) => t.node.attrs.values)).toEqual([[3], [2]]);
    expect(() => slim.scaleGradient(x, Number.NaN)).toThrow(ArgumentError);
  });
});
