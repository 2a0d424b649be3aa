/** What TF-Slim's DropoutTest asserts. */
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
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

  test('testCreateDropoutWithPlaceholder: the run decides', async () => {
    const { graph, value } = build(() =>
      slim.dropout(images([1, 50, 60, 3]), { isTraining: slim.placeholder('bool', [], { name: 'mode' }) }),
    );
    const runIn = async (mode: number) => {
      const feeds = { ...ones, mode: { data: Uint8Array.of(mode), shape: [] } };
      return (await evaluate(graph, device, { y: value }, { feeds })).y?.data;
    };
    expect(kept(await runIn(0))).toBe(1);
    expect(Math.abs(kept(await runIn(1)) - 0.5)).toBeLessThan(0.03);
  });

  test('a noise shape keeps or drops whole channels of an image', async () => {
    const { graph, value } = build(() => slim.dropout(images([4, 5, 5, 60]), { noiseShape: [null, 1, 1, null] }));
    const { y } = await evaluate(graph, device, { y: value }, { feeds: { images: feed([4, 5, 5, 60], () => 1) } });
    const channels = Array.from({ length: 240 }, (_, i) =>
      Array.from({ length: 25 }, (__, pixel) => y?.data[Math.floor(i / 60) * 1500 + pixel * 60 + (i % 60)]),
    );
    expect(channels.every((pixels) => new Set(pixels).size === 1)).toBe(true);
    expect(new Set(y?.data)).toEqual(new Set([0, 2]));
  });
});

test('modes and noise shapes that do not fit are refused', () => {
  inGraph(() => {
    const attempt = (options: slim.Options<slim.DropoutOptions>) => () => slim.dropout(images([2, null, 3]), options);
    expect(attempt({ isTraining: slim.constant([1], { dtype: 'bool' }) })).toThrow(ShapeError);
    expect(attempt({ isTraining: null as never })).toThrow(/isTraining cannot be null/);
    expect(attempt({ noiseShape: [2, null, 1] })).toThrow(/noiseShape: expected 1 or the known size/);
    expect(attempt({ noiseShape: [2, 1] })).toThrow(ShapeError);
    expect(attempt({ noiseShape: [1, 1, 2] })).toThrow(ShapeError);
    expect(attempt({ noiseShape: 3 as never })).toThrow(ShapeError);
    expect(attempt({ noiseShape: [null, 1, null] })).not.toThrow();
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
