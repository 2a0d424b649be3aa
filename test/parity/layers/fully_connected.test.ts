/** What TF-Slim's FCTest, BiasAddTest, RepeatTest, StackTest, FlattenTest and SoftmaxTest assert. */
import type { Tensor } from '../../../lib/core/graph.js';
import { ArgumentError, ScopeError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate, feed } from '../numbers.js';
import { build, images, inGraph } from '../support.js';

const names = () => slim.getVariables().map((v) => v.name);

test('testCreateFC', () => {
  inGraph(() => {
    const output = slim.fullyConnected(images([5, 27]), 32);
    expect(output.name).toBe('fully_connected/Relu');
    expect(output.shape).toEqual([5, 32]);
    expect(slim.getUniqueVariable('fully_connected/weights').shape).toEqual([27, 32]);
    expect(slim.getUniqueVariable('fully_connected/biases').shape).toEqual([32]);
  });
});

test('testCreateFCWithScope, testCreateFcCreatesWeightsAndBiasesVars', () => {
  inGraph(() => {
    expect(slim.fullyConnected(images([5, 27]), 32, { scope: 'fc1' }).name).toBe('fc1/Relu');
    expect(names()).toEqual(['fc1/weights', 'fc1/biases']);
  });
});

test('testReuseVars, testNonReuseVars', () => {
  inGraph(() => {
    const x = images([5, 27]);
    slim.fullyConnected(x, 32, { scope: 'fc1' });
    slim.fullyConnected(x, 32, { scope: 'fc1', reuse: true });
    expect(names()).toHaveLength(2);
    slim.fullyConnected(x, 32);
    slim.fullyConnected(x, 32);
    expect(names().slice(2)).toEqual([
      'fully_connected/weights',
      'fully_connected/biases',
      'fully_connected_1/weights',
      'fully_connected_1/biases',
    ]);
  });
});

test('testReuseWithRegularizer: an unnamed layer is found again inside a scope that reuses', () => {
  const { graph } = build(() => {
    const x = images([5, 27]);
    const weightsRegularizer = slim.l2Regularizer(0.01);
    slim.variableScope('outer', () => slim.fullyConnected(x, 32, { weightsRegularizer }));
    slim.variableScope('outer', { reuse: true }, () => slim.fullyConnected(x, 32, { weightsRegularizer }));
  });
  expect(graph.variables.size).toBe(2);
  expect(graph.getCollection('regularization_losses')).toHaveLength(1);
});

test('testCreateFCWithoutActivation, testCreateNoRegularizers', () => {
  const { graph, value } = build(() => slim.fullyConnected(images([5, 27]), 32, { activationFn: null }));
  expect(value.name).toBe('fully_connected/BiasAdd');
  expect(graph.getCollection('regularization_losses')).toEqual([]);
});

test('testCreateFCWithWDAndBD', () => {
  const { graph } = build(() =>
    slim.fullyConnected(images([5, 27]), 32, {
      weightsRegularizer: slim.l2Regularizer(0.01),
      biasesRegularizer: slim.l2Regularizer(0.01),
    }),
  );
  expect(graph.getCollection<Tensor>('regularization_losses').map((t) => t.name)).toEqual([
    'fully_connected/kernel/Regularizer/l2_regularizer',
    'fully_connected/bias/Regularizer/l2_regularizer',
  ]);
});

test('testFCWithBatchNorm', () => {
  inGraph(() => {
    const normal = { normalizerFn: slim.batchNorm, normalizerParams: { decay: 0.9 } };
    const net = slim.fullyConnected(images([5, 27]), 27, normal);
    slim.fullyConnected(net, 27, normal);
    expect(slim.getVariables()).toHaveLength(8);
    expect(slim.getVariables('fully_connected/BatchNorm')).toHaveLength(3);
    expect(slim.getVariables('fully_connected_1/BatchNorm')).toHaveLength(3);
  });
});

test('inputs of a higher rank keep it', () => {
  inGraph(() => {
    expect(slim.fullyConnected(images([2, 3, 4]), 5).shape).toEqual([2, 3, 5]);
    expect(slim.getUniqueVariable('fully_connected/weights').shape).toEqual([4, 5]);
  });
});

test.each([0, 2.5, '3', null])('numOutputs %p is refused', (numOutputs) => {
  expect(() => inGraph(() => slim.fullyConnected(images([5, 27]), numOutputs as never))).toThrow(ArgumentError);
});

test('unknown or missing dimensions are refused', () => {
  expect(() => inGraph(() => slim.fullyConnected(images([5, null]), 3))).toThrow(ShapeError);
  expect(() => inGraph(() => slim.fullyConnected(images([5]), 3))).toThrow(/rank of shape must be at least 2/);
});

test('testCreate, testCreateWithActivation, testCreateDimensions: biasAdd', () => {
  inGraph(() => {
    expect(slim.biasAdd(images([5, 3])).name).toBe('BiasAdd/BiasAdd');
    expect(slim.biasAdd(images([5, 3, 2, 7]), { activationFn: slim.relu }).name).toBe('BiasAdd_1/Relu');
    expect(slim.getVariablesByName('biases').map((v) => [v.name, v.shape])).toEqual([
      ['BiasAdd/biases', [3]],
      ['BiasAdd_1/biases', [7]],
    ]);
  });
});

test('testRepeat, testRepeatWithScope', () => {
  inGraph(() => {
    const x = images([5, 3, 3, 3]);
    const output = slim.repeat(x, 3, slim.conv2d, 32, [3, 3]);
    expect(output.name).toBe('Repeat/convolution2d_3/Relu');
    expect(output.shape).toEqual([5, 3, 3, 32]);
    expect(slim.repeat(x, 3, slim.conv2d, 32, [3, 3], { scope: 'conv1' }).name).toBe('conv1/conv1_3/Relu');
  });
});

test('repeat hands the other options on', () => {
  inGraph(() => {
    const output = slim.repeat(images([5, 8, 8, 3]), 2, slim.conv2d, 4, [3, 3], {
      scope: 'c',
      stride: 2,
      activationFn: null,
    });
    expect(output.name).toBe('c/c_2/BiasAdd');
    expect(output.shape).toEqual([5, 2, 2, 4]);
    expect(() => slim.repeat(images(), 0, slim.conv2d, 4, 3)).toThrow(/repetitions/);
  });
});

test('testStackFullyConnected, testStackConvolution2d, testStackWithScope', () => {
  inGraph(() => {
    expect(slim.stack(images([5, 27]), slim.fullyConnected, [10, 20, 30]).name).toBe('Stack/fully_connected_3/Relu');
    const output = slim.stack(
      images([5, 3, 3, 3]),
      slim.conv2d,
      [
        [10, [3, 3]],
        [20, [1, 1]],
        [30, [1, 1]],
      ],
      { padding: 'SAME' },
    );
    expect(output.name).toBe('Stack_1/convolution2d_3/Relu');
    expect(output.shape).toEqual([5, 3, 3, 30]);
    expect(slim.stack(images([5, 27]), slim.fullyConnected, [10, 20, 30], { scope: 'conv1' }).name).toBe(
      'conv1/conv1_3/Relu',
    );
    expect(() => slim.stack(images([5, 27]), slim.fullyConnected, 3 as never)).toThrow(ArgumentError);
  });
});

test('testStackReuse: without variables to reuse it fails', () => {
  inGraph(() => {
    const attempt = () =>
      slim.variableScope('empty', { reuse: true }, () =>
        slim.stack(images([5, 27]), slim.fullyConnected, [10, 20], { scope: 'fc' }),
      );
    expect(attempt).toThrow(ScopeError);
  });
});

test('testFlatten4D, testFlattenBatchSize, testFlattenUnknownDims, testCollectOutputs', () => {
  inGraph(() => {
    expect(slim.flatten(images([5, 3, 3, 3])).shape).toEqual([5, 27]);
    expect(slim.flatten(images([null, 3, 3, 3])).shape).toEqual([null, 27]);
    expect(slim.flatten(images([5, null, null, 3])).shape).toEqual([5, null]);
    expect(slim.flatten(images([7])).shape).toEqual([7, 1]);
    expect(() => slim.flatten(images([]))).toThrow(ShapeError);
    const output = slim.flatten(images([5, 3, 3, 3]), { outputsCollections: 'outputs', scope: 'f' });
    expect(slim.convertCollectionToDict('outputs')).toEqual({ f: output });
  });
});

describe.each(devices)('softmax on %s', (device) => {
  const low = 1 / (1 + Math.E);
  const high = Math.E / (1 + Math.E);

  test('testSoftmax2D', async () => {
    const { graph, value } = build(() => slim.softmax(images([3, 2])));
    const { y } = await evaluate(
      graph,
      device,
      { y: value },
      { feeds: { images: feed([3, 2], (i) => [0, 1, 1, 1, 1, 0][i] as number) } },
    );
    for (const [i, expected] of [low, high, 0.5, 0.5, high, low].entries()) expect(y?.data[i]).toBeCloseTo(expected, 6);
  });

  test('testSoftmax3D, testSoftmax3DUnknownSize', async () => {
    const { graph, value } = build(() => slim.softmax(images([2, null, 2])));
    expect(value.shape).toEqual([2, null, 2]);
    const { y } = await evaluate(graph, device, { y: value }, { feeds: { images: feed([2, 3, 2], (i) => i % 2) } });
    expect(y?.shape).toEqual([2, 3, 2]);
    for (let i = 0; i < 12; i++) expect(y?.data[i]).toBeCloseTo(i % 2 === 0 ? low : high, 6);
  });
});

test('testSoftmaxUndefinedNthDimension', () => {
  inGraph(() => {
    expect(() => slim.softmax(images([2, null]))).toThrow(ShapeError);
    expect(() => slim.softmax(images([2]))).toThrow(/at least 2/);
  });
});
