/** What TF-Slim's DropoutTest asserts. */
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate, feed, generatedImages } from '../numbers.js';
import { build, images, inGraph } from '../support.js';

const ones = { images: feed([1, 50, 60, 3], () => 1) };
const kept = (data: readonly number[] | undefined) => (data ?? []).filter((v) => v !== 0).length / 9000;

describe.each(devices)('on %s', (device) => {
  test('testCreateDropout: kept elements are scaled, about half of them', async () => {
    const { graph, value } = build(() => slim.dropout(images([1, 50, 60, 3])));
    expect(value.shape).toEqual([1, 50, 60, 3]);
    const { y } = await evaluate(graph, device, { y: value }, { feeds: ones });
    expect(new Set(y?.data)).toEqual(new Set([0, 2]));
    expect(Math.abs(kept(y?.data) - 0.5)).toBeLessThan(0.03);
  });

  test('testCreateDropoutWithConstantTrue: keepProb decides how many', async () => {
    const { graph, value } = build(() => slim.dropout(images([1, 50, 60, 3]), { keepProb: 0.9 }));
    const { y } = await evaluate(graph, device, { y: value }, { feeds: ones });
    expect(Math.abs(kept(y?.data) - 0.9)).toBeLessThan(0.03);
  });

  test('testCreateDropoutNoTraining', async () => {
    const { graph, value } = build(() => ({
      off: slim.dropout(images([1, 50, 60, 3]), { isTraining: false }),
      all: slim.dropout(images([1, 50, 60, 3], 'same'), { keepProb: 1 }),
    }));
    const x = generatedImages([1, 50, 60, 3]);
    const { off, all } = await evaluate(graph, device, value, { feeds: { images: x, same: x } });
    expect(off?.data).toEqual(Array.from(x.data));
    expect(all?.data).toEqual(Array.from(x.data));
  });

  test('testDropoutSeed: the same seed gives the same mask, others do not', async () => {
    const { graph, value } = build(() => {
      const x = images([1, 50, 60, 3]);
      return {
        one: slim.dropout(x, { seed: 1 }),
        again: slim.dropout(x, { seed: 1 }),
        two: slim.dropout(x, { seed: 2 }),
        none: slim.dropout(x),
        other: slim.dropout(x),
      };
    });
    const { one, again, two, none, other } = await evaluate(graph, device, value, { feeds: ones });
    expect(again?.data).toEqual(one?.data);
    expect(two?.data).not.toEqual(one?.data);
    expect(other?.data).not.toEqual(none?.data);
  });
});

test('testCollectOutputs', () => {
  inGraph(() => {
    const x = images([5, 10, 10, 3]);
    const output = slim.dropout(x, { outputsCollections: 'outputs', isTraining: false });
    expect(output.aliases).toEqual(['Dropout']);
    expect(slim.convertCollectionToDict('outputs')).toEqual({ Dropout: output });
    expect(x.aliases).toEqual([]);
  });
});

test('dropout may stand in for a normalizer', () => {
  inGraph(() => {
    const output = slim.fullyConnected(images([5, 27]), 4, {
      normalizerFn: slim.dropout,
      normalizerParams: { keepProb: 0.9 },
    });
    expect(output.name).toBe('fully_connected/Relu');
    expect(slim.getVariables().map((v) => v.name)).toEqual(['fully_connected/weights']);
  });
});

test.each([0, -1, 1.5, Number.NaN, '1'])('keepProb %p is refused', (keepProb) => {
  expect(() => inGraph(() => slim.dropout(images(), { keepProb: keepProb as never }))).toThrow(ArgumentError);
});
