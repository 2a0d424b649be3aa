/** What TF-Slim's tests of the streaming metrics assert. */
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices } from '../numbers.js';
import { build, inGraph } from '../support.js';
import { batches, floats, int32s, metricVariables, stream, together } from './support.js';

const { streamingAccuracy, streamingMean, streamingMeanIou, streamingRecallAtK } = slim.metrics;

const ones = (...shape: number[]) => slim.constant(1, { shape });
const classes = (values: readonly number[], shape: readonly number[] = [values.length]) =>
  slim.constant(values, { shape, dtype: 'int64' });

const makers: readonly (readonly [
  name: string,
  make: (options?: slim.Options<slim.metrics.StreamingOptions>) => slim.metrics.StreamingMetric,
  variables: readonly string[],
])[] = [
  ['StreamingMeanTest', (o) => streamingMean(ones(4, 3), o), ['mean/total', 'mean/count']],
  [
    'StreamingAccuracyTest',
    (o) => streamingAccuracy(ones(10, 1), ones(10, 1), { name: 'my_accuracy', ...o }),
    ['my_accuracy/total', 'my_accuracy/count'],
  ],
  [
    'StreamingRecallAtKTest',
    (o) => streamingRecallAtK(ones(4, 3), classes([1, 1, 1, 1]), 1, o),
    ['recall_at_1/total', 'recall_at_1/count'],
  ],
  [
    'StreamingMeanIOUTest',
    (o) => streamingMeanIou(ones(10, 1), ones(10, 1), 2, o),
    ['mean_iou/total_confusion_matrix'],
  ],
];

describe.each(makers)('%s', (_, make, variables) => {
  test('testVars', () => {
    expect(metricVariables(build(make).graph)).toEqual(variables);
  });

  test('testMetricsCollection', () => {
    const { graph, value } = build(() => make({ metricsCollections: ['__metrics__'] }));
    expect(graph.getCollection('__metrics__')).toEqual([value.value]);
  });

  test('testUpdatesCollection', () => {
    const { graph, value } = build(() => make({ updatesCollections: ['__updates__'] }));
    expect(graph.getCollection('__updates__')).toEqual([value.update]);
  });

  test('a second one has variables of its own', () => {
    const { graph } = build(() => [make(), make()]);
    const again = variables.map((name) => name.replace('/', '_1/'));
    expect(metricVariables(graph)).toEqual([...variables, ...again]);
  });

  test('an option that does not exist is refused', () => {
    expect(() => inGraph(() => make({ weight: 1 } as never))).toThrow(ArgumentError);
  });
});

const rows = [
  [0, 1],
  [-4.2, 9.1],
  [6.5, 0],
  [-3.2, 4],
];

describe.each(devices)('StreamingMeanTest on %s', (device) => {
  const values = (shape: readonly number[]) => batches('values', shape, rows, floats);
  const mean = (open: readonly (number | null)[], weights: readonly (number | null)[] | null) =>
    build(() =>
      streamingMean(slim.placeholder('float32', open, { name: 'values' }), {
        weights: weights === null ? null : slim.placeholder('float32', weights, { name: 'weights' }),
      }),
    );

  test('testBasic and testUpdateOpsReturnsCurrentValue', async () => {
    const { graph, value } = mean([1, 2], null);
    const found = await stream(graph, device, value, values([1, 2]));
    for (const [i, expected] of [0.5, 1.475, 12.4 / 6, 1.65].entries())
      expect(found.updates[i]?.[0]).toBeCloseTo(expected, 5);
    expect(found.value[0]).toBeCloseTo(1.65, 5);
  });

  test.each([
    ['test1dWeightedValues', [1, 2], [1, 1]],
    ['test1dWeightedValues_placeholders', [2], [1]],
  ] as const)('%s', async (_, shape, weights) => {
    const open = (dimensions: readonly number[]) => dimensions.map((d, i) => (i === 0 ? null : d));
    const { graph, value } = mean(open(shape), open(weights));
    const weighted = batches('weights', weights, [[1], [0], [0], [1]], floats);
    const found = await stream(graph, device, value, together(values(shape), weighted));
    expect(found.value[0]).toBeCloseTo((0 + 1 - 3.2 + 4) / 4, 5);
  });

  test.each([
    ['test2dWeightedValues', [1, 2]],
    ['test2dWeightedValues_placeholders', [2]],
  ] as const)('%s', async (_, shape) => {
    const { graph, value } = mean(shape, shape);
    const weighted = batches(
      'weights',
      shape,
      [
        [1, 1],
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      floats,
    );
    const found = await stream(graph, device, value, together(values(shape), weighted));
    expect(found.value[0]).toBeCloseTo((0 + 1 - 4.2 + 0) / 4, 5);
  });
});

describe.each(devices)('StreamingAccuracyTest on %s', (device) => {
  const guesses = batches('predictions', [1, 1], [[0], [1], [2], [1]], floats);
  const truth = batches('labels', [1, 1], [[0], [1], [1], [2]], floats);
  const accuracy = (weighted: boolean) =>
    build(() =>
      streamingAccuracy(
        slim.placeholder('float32', [1, 1], { name: 'predictions' }),
        slim.placeholder('float32', [1, 1], { name: 'labels' }),
        { weights: weighted ? slim.placeholder('int32', [1, 1], { name: 'weights' }) : null },
      ),
    );

  test('testMultipleUpdates', async () => {
    const { graph, value } = accuracy(false);
    const found = await stream(graph, device, value, together(guesses, truth));
    expect(found.updates[3]).toEqual([0.5]);
    expect(found.value).toEqual([0.5]);
  });

  test('testMultipleUpdatesWithWeightedValues', async () => {
    const { graph, value } = accuracy(true);
    const weights = batches('weights', [1, 1], [[1], [1], [0], [0]], int32s);
    const found = await stream(graph, device, value, together(guesses, truth, weights));
    expect(found.updates[3]).toEqual([1]);
    expect(found.value).toEqual([1]);
  });

  test('testValueTensorIsIdempotent', async () => {
    const { graph, value } = build(() => streamingAccuracy(classes([0, 1, 2, 0]), classes([0, 2, 2, 1])));
    const { value: first } = await stream(graph, device, value, new Array(10).fill({}));
    expect(first).toEqual([0.5]);
  });

  test('testEffectivelyEquivalentSizes', async () => {
    const { graph, value } = build(() => streamingAccuracy(ones(40, 1), ones(40)));
    expect(await stream(graph, device, value, [{}])).toEqual({ updates: [[1]], value: [1] });
  });

  test('testEffectivelyEquivalentSizesWithStaicShapedWeight', async () => {
    const { graph, value } = build(() =>
      streamingAccuracy(classes([1, 1, 1]), classes([1, 0, 0], [3, 1]), { weights: classes([100, 1, 1], [3, 1]) }),
    );
    expect((await stream(graph, device, value, [{}])).value[0]).toBeGreaterThan(0.95);
  });

  test('testEffectivelyEquivalentSizesWithDynamicallyShapedWeight', async () => {
    const { graph, value } = build(() =>
      streamingAccuracy(classes([1, 1, 1]), classes([1, 0, 0], [3, 1]), {
        weights: slim.placeholder('int32', [null, null], { name: 'weights' }),
      }),
    );
    const weights = batches('weights', [3, 1], [[100, 1, 1]], int32s);
    expect((await stream(graph, device, value, weights)).updates[0]?.[0]).toBeGreaterThan(0.95);
  });
});

describe.each(devices)('StreamingRecallAtKTest on %s', (device) => {
  const predictions = () => slim.constant([0.1, 0.2, 0.7, 0.6, 0.2, 0.2, 0, 0.9, 0.1, 0.2, 0, 0.8], { shape: [4, 3] });

  test.each([
    ['testSingleUpdateKIs1', 1, null, 0.25],
    ['testSingleUpdateKIs2', 2, null, 0.5],
    ['testSingleUpdateKIs3', 3, null, 1],
    ['testSingleUpdateSomeMissingKIs2', 2, [0, 1, 0, 1], 1],
  ] as const)('%s', async (_, k, weights, expected) => {
    const { graph, value } = build(() =>
      streamingRecallAtK(predictions(), classes([0, 0, 0, 0]), k, {
        weights: weights === null ? null : slim.constant(weights),
      }),
    );
    expect(await stream(graph, device, value, [{}])).toEqual({ updates: [[expected]], value: [expected] });
  });
});

describe.each(devices)('StreamingMeanIOUTest on %s', (device) => {
  const iou = (numClasses: number, weighted = false) =>
    build(() =>
      streamingMeanIou(
        slim.placeholder('int32', [1, 1], { name: 'predictions' }),
        slim.placeholder('int32', [1, 1], { name: 'labels' }),
        numClasses,
        { weights: weighted ? slim.placeholder('float32', [1, 1], { name: 'weights' }) : null },
      ),
    );
  const singles = (name: string, values: readonly number[]) =>
    batches(
      name,
      [1, 1],
      values.map((v) => [v]),
      name === 'weights' ? floats : int32s,
    );

  test.each([
    ['testMultipleUpdates', 3, [0, 1, 2, 1, 0], [0, 1, 1, 2, 1], null, (1 / 2 + 1 / 4) / 3],
    [
      'testMultipleUpdatesWithWeights',
      2,
      [0, 1, 0, 1, 0, 1],
      [0, 1, 1, 0, 0, 1],
      [1, 1, 1, 0, 1, 0],
      (2 / 3 + 1 / 2) / 2,
    ],
    ['testMultipleUpdatesWithMissingClass', 3, [0, 1, 1, 1, 0], [0, 1, 1, 0, 1], null, (1 / 3 + 2 / 4) / 2],
  ] as const)('%s', async (_, numClasses, predictions, labels, weights, expected) => {
    const { graph, value } = iou(numClasses, weights !== null);
    const feeds = together(
      singles('predictions', predictions),
      singles('labels', labels),
      ...(weights === null ? [] : [singles('weights', weights)]),
    );
    expect((await stream(graph, device, value, feeds)).value[0]).toBeCloseTo(expected, 6);
  });

  test('testUpdateOpEvalIsAccumulatedConfusionMatrix', async () => {
    const { graph, value } = build(() =>
      streamingMeanIou(classes([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]), classes([0, 0, 0, 1, 1, 1, 1, 1, 1, 1]), 2),
    );
    const found = await stream(graph, device, value, [{}]);
    expect(found.updates).toEqual([[3, 0, 2, 5]]);
    expect(found.value[0]).toBeCloseTo((3 / 5 + 5 / 7) / 2, 6);
  });

  test('testAllCorrect', async () => {
    const { graph, value } = build(() =>
      streamingMeanIou(slim.constant(0, { shape: [40] }), slim.constant(0, { shape: [40] }), 1),
    );
    expect(await stream(graph, device, value, [{}])).toEqual({ updates: [[40]], value: [1] });
  });

  test('testAllWrong', async () => {
    const { graph, value } = build(() => streamingMeanIou(slim.constant(0, { shape: [40] }), ones(40), 2));
    expect(await stream(graph, device, value, [{}])).toEqual({ updates: [[0, 0, 40, 0]], value: [0] });
  });
});

test.each([
  ['testPredictionsAndLabelsOfDifferentSizeRaisesValueError', () => streamingAccuracy(ones(10, 3), ones(10, 4))],
  [
    'testPredictionsAndWeightsOfDifferentSizeRaisesValueError',
    () => streamingAccuracy(ones(10, 3), ones(10, 3), { weights: ones(9, 3) }),
  ],
  [
    'mean_iou: testPredictionsAndLabelsOfDifferentSizeRaisesValueError',
    () => streamingMeanIou(ones(10, 3), ones(10, 4), 2),
  ],
  [
    'testLabelsAndWeightsOfDifferentSizeRaisesValueError',
    () => streamingMeanIou(ones(10), ones(10), 2, { weights: ones(9) }),
  ],
  ['weights of another rank', () => streamingMean(ones(4, 3, 2), { weights: ones(4) })],
])('%s', (_, make) => {
  expect(() => inGraph(make)).toThrow(ShapeError);
});
