/** What TF-Slim's tests of absolute_difference, mean_squared_error, log_loss and hinge_loss assert. */
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices } from '../numbers.js';
import { ints, noWeights, runLoss, suite, tensor, zeros } from './support.js';

const { absoluteDifference, hingeLoss, logLoss, meanSquaredError } = slim.losses;

const predictions = () => ints([2, 3], [4, 8, 12, 8, 1, 3]);
const labels = () => ints([2, 3], [1, 9, 2, -5, -2, 6]);
const some = () => ints([2, 3], [3, 6, 5, 0, 4, 2]);
const last = () => ints([2, 3], [0, 0, 0, 0, 0, 2]);

suite(
  'AbsoluteDifferenceLossTest',
  [
    ['testAllCorrectNoLossWeight', () => absoluteDifference(predictions(), predictions()), 0],
    ['testNonZeroLoss', () => absoluteDifference(predictions(), labels()), 5.5],
    [
      'testNonZeroLossWithPythonScalarWeight',
      () => absoluteDifference(predictions(), labels(), { weights: 2.3 }),
      12.65,
    ],
    [
      'testNonZeroLossWithScalarTensorWeight',
      () => absoluteDifference(predictions(), labels(), { weights: slim.constant(2.3) }),
      12.65,
    ],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeights',
      () => absoluteDifference(predictions(), labels(), { weights: tensor([1.2, 0]) }),
      5.6,
    ],
    [
      'testNonZeroLossWithTwoDimBatchSpecificWeights',
      () => absoluteDifference(predictions(), labels(), { weights: tensor([[1.2], [0]]) }),
      5.6,
    ],
    [
      'testNonZeroLossWithSampleSpecificWeights',
      () => absoluteDifference(predictions(), labels(), { weights: some() }),
      16.6,
    ],
    [
      'testNonZeroLossWithSampleSpecificWeightsMostZero',
      () => absoluteDifference(predictions(), labels(), { weights: last() }),
      6,
    ],
    [
      'testLossWithSampleSpecificWeightsAllZero',
      () => absoluteDifference(predictions(), labels(), { weights: zeros(2, 3) }),
      0,
    ],
  ],
  [
    [
      'testValueErrorThrownWhenWeightIsNone',
      () => absoluteDifference(predictions(), predictions(), noWeights),
      ArgumentError,
    ],
  ],
);

suite(
  'MeanSquaredErrorTest',
  [
    ['testAllCorrectNoLossWeight', () => meanSquaredError(predictions(), predictions()), 0],
    ['testNonZeroLoss', () => meanSquaredError(predictions(), labels()), 49.5],
    [
      'testNonZeroLossWithPythonScalarWeight',
      () => meanSquaredError(predictions(), labels(), { weights: 2.3 }),
      113.85,
    ],
    [
      'testNonZeroLossWithScalarTensorWeight',
      () => meanSquaredError(predictions(), labels(), { weights: slim.constant(2.3) }),
      113.85,
    ],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeights',
      () => meanSquaredError(predictions(), labels(), { weights: tensor([1.2, 3.4]) }),
      767.8 / 6,
    ],
    [
      'testNonZeroLossWithTwoDimBatchSpecificWeights',
      () => meanSquaredError(predictions(), labels(), { weights: tensor([[1.2], [3.4]]) }),
      767.8 / 6,
    ],
    [
      'testNonZeroLossWithSampleSpecificWeights',
      () => meanSquaredError(predictions(), labels(), { weights: some() }),
      587 / 5,
    ],
    [
      'testNonZeroLossWithSampleSpecificWeightsMostZero',
      () => meanSquaredError(predictions(), labels(), { weights: last() }),
      18,
    ],
    [
      'testLossWithSampleSpecificWeightsAllZero',
      () => meanSquaredError(predictions(), labels(), { weights: zeros(2, 3) }),
      0,
    ],
  ],
  [
    [
      'testValueErrorThrownWhenWeightIsNone',
      () => meanSquaredError(predictions(), predictions(), noWeights),
      ArgumentError,
    ],
  ],
);

const p = [0.9, 0.2, 0.2, 0.8, 0.4, 0.6];
const y = [1, 0, 1, 1, 0, 0];
const probabilities = () => slim.constant(p, { shape: [2, 3] });
const truth = () => slim.constant(y, { shape: [2, 3] });
/** The sum of the log losses, each times its weight. */
const logSum = (...weights: number[]) =>
  weights.reduce((sum, w, i) => sum - w * Math.log(y[i] === 1 ? (p[i] as number) : 1 - (p[i] as number)), 0);

suite(
  'LogLossTest',
  [
    ['testAllCorrectNoLossWeight', () => logLoss(truth(), truth()), 0],
    ['testNonZeroLoss', () => logLoss(probabilities(), truth()), logSum(1, 1, 1, 1, 1, 1) / 6],
    [
      'testNonZeroLossWithPythonScalarWeight',
      () => logLoss(probabilities(), truth(), { weights: 2.3 }),
      (2.3 * logSum(1, 1, 1, 1, 1, 1)) / 6,
    ],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeights',
      () => logLoss(probabilities(), truth(), { weights: tensor([1.2, 3.4]) }),
      logSum(1.2, 1.2, 1.2, 3.4, 3.4, 3.4) / 6,
    ],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeightsSomeZero',
      () => logLoss(probabilities(), truth(), { weights: tensor([1.2, 0]) }),
      logSum(1.2, 1.2, 1.2) / 3,
    ],
    [
      'testNonZeroLossWithTwoDimBatchSpecificWeightsSomeZero',
      () => logLoss(probabilities(), truth(), { weights: tensor([[1.2], [0]]) }),
      logSum(1.2, 1.2, 1.2) / 3,
    ],
    [
      'testNonZeroLossWithMeasurementSpecificWeights',
      () => logLoss(probabilities(), truth(), { weights: some() }),
      logSum(3, 6, 5, 0, 4, 2) / 5,
    ],
    [
      'testNonZeroLossWithSampleSpecificWeightsMostZero',
      () => logLoss(probabilities(), truth(), { weights: last() }),
      logSum(0, 0, 0, 0, 0, 2),
    ],
    ['testLossWithSampleSpecificWeightsAllZero', () => logLoss(probabilities(), truth(), { weights: zeros(2, 3) }), 0],
  ],
  [
    ['testValueErrorThrownWhenWeightIsNone', () => logLoss(truth(), truth(), noWeights), ArgumentError],
    [
      'testWeightsWithSameNumDimsButWrongShapeThrowsException',
      () => logLoss(probabilities(), truth(), { weights: zeros(2, 4) }),
      ShapeError,
    ],
  ],
);

describe.each(devices)('LogLossTest with placeholders, on %s', (device) => {
  test.each([
    ['testAllCorrectNoLossWeightWithPlaceholder', [2, 3], y, undefined, 0],
    ['testNonZeroLossWithScalarTensorWeightAndPlaceholder', [2, 3], p, 2.3, (2.3 * logSum(1, 1, 1, 1, 1, 1)) / 6],
    [
      'testNonZeroLossWithScalarTensorWeightAndPlaceholderWithRankOnly',
      [null, null],
      p,
      2.3,
      (2.3 * logSum(1, 1, 1, 1, 1, 1)) / 6,
    ],
  ] as const)('%s', async (_, shape, values, weights, expected) => {
    const make = () => logLoss(slim.placeholder('float32', shape, { name: 'p' }), truth(), { weights });
    const feeds = { p: { data: new Float32Array(values), shape: [2, 3] } };
    expect((await runLoss(device, make, feeds))[0]).toBeCloseTo(expected, 3);
  });
});

suite(
  'HingeLossTest',
  [
    ['testAllOutsideMargin', () => hingeLoss(tensor([1.2, -1.4, -1, 2.1]), tensor([1, 0, 0, 1])), [0, 0, 0, 0]],
    [
      'testSomeInsideMargin',
      () => hingeLoss(tensor([[-0.7], [-1.4], [1.4], [0.6]]), tensor([[0], [0], [1], [1]])),
      [0.3, 0, 0, 0.4],
    ],
    [
      'testSomeMisclassified',
      () => hingeLoss(tensor([[[1.2], [0.4], [-1], [-1.1]]]), tensor([[[1], [0], [0], [1]]])),
      [0, 1.4, 0, 2.1],
    ],
  ],
  [['testIncompatibleShapes', () => hingeLoss(tensor([[-1], [2.1]]), tensor([0, 1])), ShapeError]],
);
