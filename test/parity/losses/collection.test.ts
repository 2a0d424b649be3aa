/** What TF-Slim's ComputeWeightedLossTest and AddLossTest assert, and what every loss refuses. */
import { ArgumentError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate } from '../numbers.js';
import { build, inGraph } from '../support.js';
import { ints, named, runLoss, tensor } from './support.js';

const {
  absoluteDifference,
  hingeLoss,
  logLoss,
  meanPairwiseSquaredError,
  meanSquaredError,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  sparseSoftmaxCrossEntropy,
} = slim.losses;

describe('ComputeWeightedLossTest and AddLossTest', () => {
  const { addLoss, computeWeightedLoss, getLosses, getRegularizationLosses, getTotalLoss } = slim.losses;
  const hinge = () => hingeLoss(tensor([1.2, 0.4, -1, -1.1]), tensor([1, 0, 0, 1]));

  test.each(devices)('testHingeLoss (%s)', async (device) => {
    const value = await runLoss(device, () => {
      const losses = hinge();
      expect(getLosses()).toEqual([]);
      const loss = computeWeightedLoss(losses);
      expect(getLosses()).toEqual([loss]);
      expect(loss.name).toBe('weighted_loss/value');
      return loss;
    });
    expect(value[0]).toBeCloseTo(3.5 / 4, 3);
  });

  test.each(devices)('testAddExternalLoss (%s)', async (device) => {
    const value = await runLoss(device, () => {
      addLoss(slim.reduceMean(hinge()));
      expect(getLosses()).toHaveLength(1);
      return named('total_loss', getTotalLoss());
    });
    expect(value[0]).toBeCloseTo(3.5 / 4, 3);
  });

  test('testNoneLossCollection', () => {
    inGraph(() => {
      addLoss(slim.reduceMean(hinge()), { lossCollection: null });
      expect(getLosses()).toEqual([]);
    });
  });

  test.each([1, 2])('testNoCollectLosses, a batch of %d', (batch) => {
    inGraph(() => {
      const row = (values: readonly number[]) => tensor(Array.from({ length: batch }, () => values));
      const [logits, classes] = [row([1.2, 0.4, -1, -1.1]), row([1, 0, 0, 1])];
      const losses = [absoluteDifference, logLoss, meanSquaredError, sigmoidCrossEntropy, softmaxCrossEntropy];
      slim.argScope([addLoss], { lossCollection: null }, () => {
        for (const loss of losses) loss(logits, classes);
      });
      expect(getLosses()).toEqual([]);
      slim.argScope([addLoss], { lossCollection: 'mine' }, () => {
        for (const loss of losses) loss(logits, classes);
      });
      expect(getLosses(null, 'mine').map((loss) => loss.name)).toEqual([
        'absolute_difference_1/value',
        'log_loss_1/value',
        'mean_squared_error_1/value',
        'sigmoid_cross_entropy_loss_1/value',
        'softmax_cross_entropy_loss_1/value',
      ]);
    });
  });

  test.each(devices)('the total is the sum of losses and regularization losses (%s)', async (device) => {
    const { graph, value } = build(() => {
      const x = slim.constant([1, 2], { shape: [1, 2] });
      const net = slim.fullyConnected(x, 2, {
        activationFn: null,
        weightsInitializer: slim.constantInitializer(1),
        weightsRegularizer: slim.l2Regularizer(0.5),
      });
      meanSquaredError(net, slim.constant([2, 1], { shape: [1, 2] }));
      absoluteDifference(net, slim.constant([2, 1], { shape: [1, 2] }), { scope: 'second' });
      expect(getLosses('sec').map((loss) => loss.name)).toEqual(['second/value']);
      expect(getRegularizationLosses().map((loss) => loss.name)).toEqual([
        'fully_connected/kernel/Regularizer/l2_regularizer',
      ]);
      expect(getRegularizationLosses('other')).toEqual([]);
      return { total: getTotalLoss(), losses: getTotalLoss(false) };
    });
    const { total, losses } = await evaluate(graph, device, value);
    expect(losses?.data[0]).toBeCloseTo((1 + 4) / 2 + (1 + 2) / 2, 5);
    expect(total?.data[0]).toBeCloseTo(4 + (0.5 * 4) / 2, 5);
  });

  test('nothing to sum is an error', () => {
    expect(() => inGraph(() => getTotalLoss())).toThrow(ArgumentError);
  });
});

const wrongUse: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a number for a tensor', () => meanSquaredError(1 as never, tensor([1])), /expected a tensor, received 1/],
  [
    'an option that does not exist',
    () => meanSquaredError(tensor([1]), tensor([1]), { weight: 1 } as never),
    /did you mean weights/,
  ],
  [
    'labels of another shape',
    () => meanSquaredError(tensor([1]), tensor([1, 2])),
    /labels of \[1\] as the predictions, received \[2\]/,
  ],
  [
    'weights of text',
    () => meanSquaredError(tensor([1]), tensor([1]), { weights: '1' as never }),
    /weights: expected a tensor/,
  ],
  [
    'a reduction that does not exist',
    () => meanSquaredError(tensor([1]), tensor([1]), { reduction: 'max' as never }),
    /reduction: expected one of/,
  ],
  [
    'smoothing beyond 1',
    () => softmaxCrossEntropy(tensor([[1]]), tensor([[1]]), { labelSmoothing: 2 }),
    /labelSmoothing: expected 0 to 1/,
  ],
  [
    'an unknown number of classes',
    () => softmaxCrossEntropy(slim.placeholder('float32', [1, null]), tensor([[1]])),
    /must be defined/,
  ],
  [
    'labels that are no integers',
    () => sparseSoftmaxCrossEntropy(tensor([[1]]), tensor([1])),
    /index: expected an integer dtype/,
  ],
  ['pairs without a batch', () => meanPairwiseSquaredError(slim.constant(1), slim.constant(1)), /expected a batch/],
  [
    'pairs weighed one by one',
    () =>
      meanPairwiseSquaredError(ints([2, 3], [1, 2, 3, 4, 5, 6]), ints([2, 3], [1, 2, 3, 4, 5, 6]), {
        weights: ints([2, 3], [1, 1, 1, 0, 1, 1]),
      }),
    /expected a scalar or \[N\], received \[2,3\]/,
  ],
  ['a negative epsilon', () => logLoss(tensor([1]), tensor([1]), { epsilon: -1 }), /epsilon/],
  ['a pattern that is none', () => slim.losses.getLosses('('), /no regular expression/],
  [
    'losses of two shapes in the total',
    () => {
      slim.losses.addLoss(tensor([1, 2]));
      slim.losses.addLoss(slim.constant(1));
      return slim.losses.getTotalLoss();
    },
    /expected float32\[2\] throughout/,
  ],
];

test.each(wrongUse)('%s is refused', (_, use, message) => {
  expect(() => inGraph(use)).toThrow(message);
});
