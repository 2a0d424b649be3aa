/** What TF-Slim's tests of mean_pairwise_squared_error and cosine_distance assert. */
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices } from '../numbers.js';
import { ints, noWeights, runLoss, suite, tensor, zeros } from './support.js';

const { cosineDistance, meanPairwiseSquaredError } = slim.losses;

const pairs = () => ints([2, 3], [4, 8, 12, 8, 1, 3]);
const wanted = () => ints([2, 3], [1, 9, 2, -5, -5, 7]);
/** The sum of (d_i - d_j)^2 over all pairs of a sample, divided by 9. */
const pairwise = [
  [3, -1, 10],
  [13, 6, -4],
].map((d) => d.flatMap((a) => d.map((b) => (a - b) ** 2)).reduce((sum, v) => sum + v, 0) / 9) as [number, number];

suite(
  'MeanPairwiseSquaresErrorTest',
  [
    ['testAllCorrectNoLossWeight', () => meanPairwiseSquaredError(wanted(), wanted()), 0],
    ['testNonZeroLoss', () => meanPairwiseSquaredError(pairs(), wanted()), pairwise[0] + pairwise[1]],
    [
      'testNonZeroLossWithPythonScalarWeight',
      () => meanPairwiseSquaredError(pairs(), wanted(), { weights: 2.3 }),
      2.3 * (pairwise[0] + pairwise[1]),
    ],
    [
      'testNonZeroLossWithScalarTensorWeight',
      () => meanPairwiseSquaredError(pairs(), wanted(), { weights: slim.constant(2.3) }),
      2.3 * (pairwise[0] + pairwise[1]),
    ],
    ['testNonZeroLossWithScalarZeroWeight', () => meanPairwiseSquaredError(pairs(), wanted(), { weights: 0 }), 0],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeights',
      () => meanPairwiseSquaredError(pairs(), wanted(), { weights: tensor([2, 1]) }),
      2 * pairwise[0] + pairwise[1],
    ],
    [
      'testZeroLossWithOneDimBatchZeroWeights',
      () => meanPairwiseSquaredError(pairs(), wanted(), { weights: tensor([0, 0]) }),
      0,
    ],
    [
      'testLossIsAssociativeAcrossBatchElements',
      () => {
        const sample = (from: number) => Array.from({ length: 12 }, (_, i) => ((from + i * 7) % 11) / 11);
        const map = (values: readonly number[], n: number) => slim.constant(values, { shape: [n, 3, 4, 1] });
        const loss = (q: readonly number[], t: readonly number[], n: number) =>
          meanPairwiseSquaredError(map(q, n), map(t, n));
        const both = loss([...sample(1), ...sample(2)], [...sample(3), ...sample(5)], 2);
        return slim.subtract(both, slim.add(loss(sample(1), sample(3), 1), loss(sample(2), sample(5), 1)));
      },
      0,
    ],
  ],
  [
    [
      'testValueErrorThrownWhenWeightIsNone',
      () => meanPairwiseSquaredError(wanted(), wanted(), noWeights),
      ArgumentError,
    ],
  ],
);

describe.each(devices)('MeanPairwiseSquaresErrorTest with placeholders, on %s', (device) => {
  const forms: readonly (readonly [string, () => slim.losses.Weights, number])[] = [
    ['testNonZeroLossWithScalarTensorWeightWithPlaceholder', () => 2.3, 2.3 * (pairwise[0] + pairwise[1])],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeightsAndPlaceholders',
      () => tensor([1.2, 3.4]),
      1.2 * pairwise[0] + 3.4 * pairwise[1],
    ],
  ];
  test.each(forms)('%s', async (_, weights, expected) => {
    const value = await runLoss(
      device,
      () =>
        meanPairwiseSquaredError(
          slim.placeholder('float32', [null, null], { name: 'p' }),
          slim.placeholder('int32', [null, null], { name: 'y' }),
          { weights: weights() },
        ),
      {
        p: { data: new Float32Array([4, 8, 12, 8, 1, 3]), shape: [2, 3] },
        y: { data: new Int32Array([1, 9, 2, -5, -5, 7]), shape: [2, 3] },
      },
    );
    expect(value[0]).toBeCloseTo(expected, 3);
  });
});

const vectors = () => ints([3, 2, 3], [1, 0, 0, 0, 0, -1, 1, 0, 0, 1, 0, 0, 0, 0, -1, 1, 0, 0]);
const directions = () => ints([3, 2, 3], [1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]);
const measured = () => ints([3, 2], [1, 0, 0, 1, 1, 1]);

suite(
  'CosineDistanceLossTest',
  [
    ['testAllCorrectNoWeights', () => cosineDistance(directions(), directions(), { axis: 2 }), 0],
    ['testPartiallyCorrectWithIntegerValues', () => cosineDistance(vectors(), directions(), { axis: 2 }), 1],
    [
      'testPartiallyCorrectFloatingPointValues',
      () => {
        const rows = (sign: number) =>
          tensor([
            [[0.819031913261206, 0.567041924552012, 0.08746531232459]],
            [[sign * 0.665139432070255, sign * 0.739487441769973, sign * 0.103671883216994]],
            [[Math.SQRT1_2, sign * Math.SQRT1_2, 0]],
          ]);
        return cosineDistance(rows(-1), rows(1), { axis: 2 });
      },
      1,
    ],
    [
      'testSampleSpecificWeights',
      () => cosineDistance(vectors(), directions(), { axis: 2, weights: tensor([1, 0, 0], 'int32') }),
      1,
    ],
    [
      'testMeasurementSpecificWeights',
      () => cosineDistance(vectors(), directions(), { axis: 2, weights: measured() }),
      3 / 4,
    ],
    [
      'testZeroLossWhenAllSampleSpecificWeightsAreZero',
      () => cosineDistance(vectors(), directions(), { axis: 2, weights: zeros(3) }),
      0,
    ],
    [
      'testZeroLossWhenAllMeasurementSpecificWeightsAreZero',
      () => cosineDistance(vectors(), directions(), { axis: 2, weights: zeros(3, 2) }),
      0,
    ],
  ],
  [
    [
      'testValueErrorThrownWhenWeightIsNone',
      () => cosineDistance(directions(), directions(), { axis: 2, ...noWeights }),
      ArgumentError,
    ],
    ['no axis', () => cosineDistance(directions(), directions(), {} as never), ArgumentError],
  ],
);
