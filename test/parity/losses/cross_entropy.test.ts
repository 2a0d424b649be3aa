/** What TF-Slim's tests of the cross entropies assert. */
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, type Feeds } from '../numbers.js';
import { type Expectation, ints, named, noWeights, runLoss, suite, tensor, zeros } from './support.js';

const { sigmoidCrossEntropy, softmaxCrossEntropy, sparseSoftmaxCrossEntropy } = slim.losses;

const eye = (on: number, off = 0, more = 0) =>
  tensor(Array.from({ length: 3 + more }, (_, i) => Array.from({ length: 3 + more }, (_, j) => (i === j ? on : off))));
const right = () => ints([3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
const wrong = () => ints([3, 3], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
const each = () => ints([3, 3], [3, 4, 5, 2, 6, 0, 8, 0, 1]);
const softmax = 'softmax_cross_entropy_loss/value';
const sparse = 'sparse_softmax_cross_entropy_loss/value';
const sigmoid = 'sigmoid_cross_entropy_loss/value';

suite(
  'SoftmaxCrossEntropyLossTest',
  [
    ['testAllCorrect', () => named(softmax, softmaxCrossEntropy(eye(10), right())), 0],
    ['testAllWrong', () => named(softmax, softmaxCrossEntropy(eye(10), wrong())), 10],
    ['testNonZeroLossWithPythonScalarWeight', () => softmaxCrossEntropy(eye(10), wrong(), { weights: 2.3 }), 23],
    [
      'testNonZeroLossWithScalarTensorWeight',
      () => softmaxCrossEntropy(eye(10), wrong(), { weights: slim.constant(2.3) }),
      23,
    ],
    [
      'testNonZeroLossWithOneDimBatchSpecificWeights',
      () => softmaxCrossEntropy(eye(10), wrong(), { weights: tensor([1.2, 3.4, 5.6]) }),
      34,
    ],
    ['testAllWrongAllWeightsMissing', () => softmaxCrossEntropy(eye(10), wrong(), { weights: zeros(3) }), 0],
    ['testSomeWeightsMissing', () => softmaxCrossEntropy(eye(10), wrong(), { weights: tensor([1.2, 0, 0]) }), 12],
    [
      'testSoftmaxLabelSmoothing',
      () =>
        named(
          softmax,
          softmaxCrossEntropy(tensor([[100, -100, -100]]), tensor([[1, 0, 0]], 'int32'), { labelSmoothing: 0.1 }),
        ),
      (400 * 0.1) / 3,
    ],
  ],
  [
    ['testNoneWeightRaisesValueError', () => softmaxCrossEntropy(eye(10), right(), noWeights), ArgumentError],
    [
      'testSoftmaxWithMeasurementSpecificWeightsRaisesException',
      () => softmaxCrossEntropy(eye(100, -100), right(), { weights: each() }),
      ShapeError,
    ],
  ],
);

suite(
  'SparseSoftmaxCrossEntropyLossTest',
  [
    ...(['int32', 'int64'] as const).flatMap((dtype): Expectation[] => {
      const title = dtype === 'int32' ? 'Int32' : 'Int64';
      return [
        [
          `testAllCorrect${title}Labels`,
          () => named(sparse, sparseSoftmaxCrossEntropy(eye(10), tensor([[0], [1], [2]], dtype))),
          0,
        ],
        [
          `testAllWrong${title}Labels`,
          () => named(sparse, sparseSoftmaxCrossEntropy(eye(10), tensor([[2], [0], [1]], dtype))),
          10,
        ],
      ];
    }),
    [
      'testAllCorrectNonColumnLabels',
      () => named(sparse, sparseSoftmaxCrossEntropy(eye(10), tensor([0, 1, 2], 'int32'))),
      0,
    ],
    [
      'testAllWrongNonColumnLabels',
      () => named(sparse, sparseSoftmaxCrossEntropy(eye(10), tensor([2, 0, 1], 'int32'))),
      10,
    ],
    ...(
      [
        ['testNonZeroLossWithPythonScalarWeight', () => 2.3, 23],
        ['testNonZeroLossWithScalarTensorWeight', () => slim.constant(2.3), 23],
        ['testNonZeroLossWithOneDimBatchSpecificWeights', () => tensor([1.2, 3.4, 5.6]), 34],
        ['testNonZeroLossWithColumnWeights', () => tensor([[1.2], [3.4], [5.6]]), 34],
        ['testAllWrongAllWeightsMissing', () => zeros(3), 0],
        ['testSomeWeightsMissing', () => tensor([1.2, 0, 0]), 12],
      ] as const
    ).map(
      ([name, weights, expected]): Expectation => [
        name,
        () => sparseSoftmaxCrossEntropy(eye(10), tensor([[2], [0], [1]], 'int32'), { weights: weights() }),
        expected,
      ],
    ),
  ],
  [
    [
      'testNoneWeightRaisesValueError',
      () => sparseSoftmaxCrossEntropy(eye(10), tensor([[0], [1], [2]], 'int32'), noWeights),
      ArgumentError,
    ],
    [
      'testMeasurementSpecificWeightsRaisesException',
      () => sparseSoftmaxCrossEntropy(eye(100, -100), tensor([[0], [1], [2]], 'int32'), { weights: each() }),
      ShapeError,
    ],
    [
      'testInconsistentWeightSizeRaisesException',
      () =>
        sparseSoftmaxCrossEntropy(eye(100, -100), tensor([[0], [1], [2]], 'int32'), {
          weights: tensor([1.2, 3.4, 5.6, 7.8]),
        }),
      ShapeError,
    ],
    [
      'testInconsistentLabelSizeRaisesException',
      () =>
        sparseSoftmaxCrossEntropy(eye(100, -100), tensor([[0], [1], [2], [3]], 'int32'), {
          weights: tensor([1.2, 3.4, 5.6]),
        }),
      ShapeError,
    ],
    [
      'testInconsistentWeightShapeRaisesException',
      () =>
        sparseSoftmaxCrossEntropy(eye(100, -100, 1), tensor([[0], [1], [2], [3]], 'int32'), {
          weights: tensor([
            [1.2, 3.4],
            [5.6, 7.8],
          ]),
        }),
      ShapeError,
    ],
    [
      'testInconsistentLabelShapeRaisesException',
      () =>
        sparseSoftmaxCrossEntropy(
          eye(100, -100, 1),
          tensor(
            [
              [0, 1],
              [2, 3],
            ],
            'int32',
          ),
          { weights: tensor([1.2, 3.4, 5.6, 7.8]) },
        ),
      ShapeError,
    ],
  ],
);

describe.each(devices)('weights whose shape is known at the run alone, on %s', (device) => {
  const feeds = (shape: readonly number[]): Feeds => ({ weights: { data: new Float32Array([2.3, 2.4, 2.5]), shape } });
  test.each([
    ['testLossWithDynamicallyShapedWeights1D', [3], [null]],
    ['testLossWithDynamicallyShapedWeights2D', [3, 1], [null, null]],
  ] as const)('%s', async (_, shape, open) => {
    const weights = () => slim.placeholder('float32', open, { name: 'weights' });
    const dense = await runLoss(
      device,
      () => softmaxCrossEntropy(eye(10), wrong(), { weights: weights() }),
      feeds(shape),
    );
    expect(dense[0]).toBeCloseTo(24, 3);
    const index = () => tensor([2, 0, 1], 'int32');
    const found = await runLoss(
      device,
      () => sparseSoftmaxCrossEntropy(eye(10), index(), { weights: weights() }),
      feeds(shape),
    );
    expect(found[0]).toBeCloseTo(24, 3);
  });

  test.each([1, 2])('testLossWithSingleDimPlaceholderForLogitsAndWeights%d', async (size) => {
    const ones = { data: new Float32Array(32 * size).fill(1), shape: [32, size] };
    const open = (name: string) => slim.placeholder('float32', [null, size], { name });
    const value = await runLoss(
      device,
      () => sigmoidCrossEntropy(open('logits'), open('labels'), { weights: open('weights') }),
      { logits: ones, labels: ones, weights: ones },
    );
    expect(value[0]).toBeCloseTo(0.313, 3);
  });
});

suite('SigmoidCrossEntropyLossTest', [
  ['testAllCorrectSigmoid', () => named(sigmoid, sigmoidCrossEntropy(eye(100, -100), right())), 0],
  ['testAllWrongSigmoid', () => named(sigmoid, sigmoidCrossEntropy(eye(100, -100), wrong())), 600 / 9],
  [
    'testAllWrongSigmoidWithMeasurementSpecificWeights',
    () => named(sigmoid, sigmoidCrossEntropy(eye(100, -100), wrong(), { weights: each() })),
    1700 / 7,
  ],
  [
    'testMultiCorrectSigmoid',
    () => {
      const logits = tensor([
        [100, -100, 100],
        [100, 100, -100],
        [-100, 100, 100],
      ]);
      return named(
        sigmoid,
        sigmoidCrossEntropy(
          logits,
          tensor(
            [
              [1, 0, 1],
              [1, 1, 0],
              [0, 1, 1],
            ],
            'int32',
          ),
        ),
      );
    },
    0,
  ],
  [
    'testSigmoidLabelSmoothingCorrect',
    () =>
      named(
        sigmoid,
        sigmoidCrossEntropy(tensor([[100, -100, -100]]), tensor([[1, 0, 1]], 'int32'), { labelSmoothing: 0.1 }),
      ),
    (100 + 50 * 0.1) / 3,
  ],
  [
    'testSigmoidLabelSmoothingEqualsSoftmaxTwoLabel',
    () => {
      const o = { labelSmoothing: 0.1 };
      const logits = tensor([
        [0, 100],
        [100, 0],
        [100, 0],
      ]);
      const classes = tensor(
        [
          [0, 1],
          [1, 0],
          [0, 1],
        ],
        'int32',
      );
      return slim.subtract(
        sigmoidCrossEntropy(tensor([[100, -100, -100]]), tensor([[1, 0, 1]], 'int32'), o),
        softmaxCrossEntropy(logits, classes, o),
      );
    },
    0,
  ],
]);

test.each(devices)('a label that is no class ends the run with an error (%s)', async (device) => {
  await expect(
    runLoss(device, () => sparseSoftmaxCrossEntropy(eye(1), tensor([0, 3, 1], 'int32'))),
  ).rejects.toMatchObject({
    code: 'ERR_EXECUTION',
    op: 'pick',
    node: 'sparse_softmax_cross_entropy_loss/xentropy',
    message: expect.stringContaining('index: element 1: expected 0 to 2, received 3.'),
  });
});
