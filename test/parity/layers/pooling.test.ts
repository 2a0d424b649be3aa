/** What TF-Slim's MaxPool2DTest and AvgPool2DTest assert. */
import { ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate, feed } from '../numbers.js';
import { build, images, inGraph } from '../support.js';

const pools = [
  ['maxPool2d', slim.maxPool2d, 'MaxPool2D', 'MaxPool'],
  ['avgPool2d', slim.avgPool2d, 'AvgPool2D', 'AvgPool'],
] as const;

describe.each(pools)('%s', (_, pool, scope, op) => {
  test('testCreatePool', () => {
    inGraph(() => {
      const output = pool(images([5, 3, 6, 3]), [3, 3]);
      expect(output.name).toBe(`${scope}/${op}`);
      expect(output.shape).toEqual([5, 1, 2, 3]);
    });
  });

  test('testCreateSquarePool', () => {
    inGraph(() => expect(pool(images([5, 3, 6, 3]), 3).shape).toEqual([5, 1, 2, 3]));
  });

  test('testCreatePoolWithScope', () => {
    inGraph(() => expect(pool(images([5, 3, 6, 3]), [3, 3], { scope: 'pool1' }).name).toBe(`pool1/${op}`));
  });

  test('testCreatePoolWithPaddingSAME, testCreatePoolStrideSAME, testGlobalPool', () => {
    inGraph(() => {
      const x = images([5, 3, 6, 3]);
      expect(pool(x, [3, 3], { padding: 'SAME' }).shape).toEqual([5, 2, 3, 3]);
      expect(pool(x, [3, 3], { stride: 1, padding: 'SAME' }).shape).toEqual([5, 3, 6, 3]);
      expect(pool(x, [3, 6], { stride: 1 }).shape).toEqual([5, 1, 1, 3]);
    });
  });

  test('testCollectOutputs', () => {
    inGraph(() => {
      const output = pool(images([5, 3, 6, 3]), [3, 3], { outputsCollections: 'outputs' });
      expect(output.aliases).toEqual([scope]);
      expect(slim.convertCollectionToDict('outputs')).toEqual({ [scope]: output });
    });
  });

  test('testInvalidDataFormat', () => {
    inGraph(() => {
      expect(() => pool(images(), 3, { dataFormat: 'CHWN' as never })).toThrow(/dataFormat/);
      expect(() => pool(images(), 3, { dataFormat: null as never })).toThrow(/has to be either NCHW or NHWC/);
    });
  });

  test('testCreateMaxPoolNCHW, testCreateAvgPoolNCHW', () => {
    inGraph(() => {
      const x = images([5, 2, 3, 6]);
      const output = pool(x, [3, 3], { dataFormat: 'NCHW' });
      expect(output.name).toBe(`${scope}/${scope === 'MaxPool2D' ? 'MaxPool' : 'AvgPool'}`);
      expect(output.shape).toEqual([5, 2, 1, 2]);
      expect(pool(x, [3, 3], { padding: 'SAME', dataFormat: 'NCHW' }).shape).toEqual([5, 2, 2, 3]);
    });
  });

  test('wrong ranks and windows are refused', () => {
    inGraph(() => {
      expect(() => pool(images([5, 3]), 3)).toThrow(ShapeError);
      expect(() => pool(images([1, 2, 2, 1]), 3)).toThrow(/Negative dimension size/);
      expect(() => pool(images(), 0)).toThrow(/kernelSize/);
    });
  });
});

test.each(devices)('padding neither wins nor counts, on %s', async (device) => {
  const { graph, value } = build(() => {
    const x = images([1, 4, 4, 1]);
    const negative = images([1, 4, 4, 1], 'negative');
    const options = { stride: 2, padding: 'SAME' };
    return { avg: slim.avgPool2d(x, 3, options), max: slim.maxPool2d(negative, 3, options) };
  });
  const { avg, max } = await evaluate(graph, device, value, {
    feeds: { images: feed([1, 4, 4, 1], (i) => i + 1), negative: feed([1, 4, 4, 1], (i) => -1 - i) },
  });
  expect(avg?.data).toEqual([6, 7.5, 12, 13.5]);
  expect(max?.data).toEqual([-1, -3, -9, -11]);
});
