/** What TF-Slim's ConvolutionTest asserts. */
import type { Tensor } from '../../../lib/core/graph.js';
import { ArgumentError, ShapeError } from '../../../lib/errors.js';
import * as slim from '../../../lib/slim/index.js';
import { devices, evaluate, generatedImages } from '../numbers.js';
import { build, images, inGraph } from '../support.js';

const names = () => slim.getVariables().map((v) => v.name);
const shape = (name: string) => slim.getUniqueVariable(name).shape;

test('testCreateConv', () => {
  inGraph(() => {
    const output = slim.conv2d(images([5, 7, 9, 4]), 32, [3, 3]);
    expect(output.name).toBe('Conv/Relu');
    expect(output.shape).toEqual([5, 7, 9, 32]);
    expect(shape('Conv/weights')).toEqual([3, 3, 4, 32]);
    expect(shape('Conv/biases')).toEqual([32]);
  });
});

test('testCreateConvNCHW', () => {
  inGraph(() => {
    const output = slim.conv2d(images([5, 4, 7, 9]), 32, [3, 3], { dataFormat: 'NCHW' });
    expect(output.name).toBe('Conv/Relu');
    expect(output.shape).toEqual([5, 32, 7, 9]);
    expect(shape('Conv/weights')).toEqual([3, 3, 4, 32]);
    expect(shape('Conv/biases')).toEqual([32]);
    expect(slim.conv2d(images([5, 7, 9, 4]), 32, [3, 3], { dataFormat: 'NHWC' }).shape).toEqual([5, 7, 9, 32]);
  });
});

test('testDynamicOutputSizeWithRateOneValidPaddingNCHW: unknown sizes stay unknown', () => {
  inGraph(() => {
    const x = images([null, 3, null, null]);
    expect(slim.conv2d(x, 8, 3, { padding: 'VALID', dataFormat: 'NCHW' }).shape).toEqual([null, 8, null, null]);
    const unknown = () => slim.conv2d(images([1, null, 4, 4]), 8, 3, { dataFormat: 'NCHW' });
    expect(unknown).toThrow(ShapeError);
    expect(unknown).toThrow(/channels dimension of \[1,\?,4,4\] is undefined/);
  });
});

test('testInvalidDataFormat', () => {
  inGraph(() =>
    expect(() => slim.conv2d(images(), 32, 3, { dataFormat: 'CHWN' as never })).toThrow(/invalid dataFormat/),
  );
});

test('testCreateSquareConv', () => {
  inGraph(() => {
    const output = slim.conv2d(images([5, 7, 9, 3]), 32, 3);
    expect(output.name).toBe('Conv/Relu');
    expect(output.shape).toEqual([5, 7, 9, 32]);
  });
});

test('testCreateConvWithTensorShape, testCreateFullyConv', () => {
  inGraph(() => {
    const x = images([5, 7, 9, 6]);
    expect(slim.conv2d(x, 32, [7, 9]).shape).toEqual([5, 7, 9, 32]);
    expect(slim.conv2d(x, 64, [7, 9], { padding: 'VALID' }).shape).toEqual([5, 1, 1, 64]);
  });
});

test('testCreateVerticalConv, testCreateHorizontalConv', () => {
  inGraph(() => {
    const x = images([5, 7, 9, 4]);
    expect(slim.conv2d(x, 32, [3, 1]).shape).toEqual([5, 7, 9, 32]);
    expect(shape('Conv/weights')).toEqual([3, 1, 4, 32]);
    expect(slim.conv2d(x, 32, [1, 3]).shape).toEqual([5, 7, 9, 32]);
    expect(shape('Conv_1/weights')).toEqual([1, 3, 4, 32]);
  });
});

test('testCreateConvWithStride', () => {
  inGraph(() => expect(slim.conv2d(images([5, 6, 8, 3]), 32, [3, 3], { stride: 2 }).shape).toEqual([5, 3, 4, 32]));
});

test('testCreateConvValid', () => {
  inGraph(() => {
    expect(slim.conv2d(images([5, 7, 9, 3]), 32, [3, 3], { padding: 'VALID' }).shape).toEqual([5, 5, 7, 32]);
    expect(slim.conv2d(images([5, 7, 9, 3]), 32, [3, 3], { padding: 'valid' }).shape).toEqual([5, 5, 7, 32]);
  });
});

test('testCreateConvCreatesWeightsAndBiasesVars', () => {
  inGraph(() => {
    const x = images([5, 7, 9, 3]);
    expect(names()).toEqual([]);
    slim.conv2d(x, 32, [3, 3], { scope: 'conv1' });
    expect(names()).toEqual(['conv1/weights', 'conv1/biases']);
  });
});

test('testCreateConvWithScope, testCreateConvWithoutActivation', () => {
  inGraph(() => {
    expect(slim.conv2d(images(), 32, [3, 3], { scope: 'conv1' }).name).toBe('conv1/Relu');
    expect(slim.conv2d(images(), 32, [3, 3], { activationFn: null }).name).toBe('Conv/BiasAdd');
  });
});

test('testCreateConvWithCollection: the alias is the variable prefix, not the name scope', () => {
  inGraph(() => {
    const x = images([5, 7, 9, 3]);
    const conv = slim.nameScope('fe', () =>
      slim.conv2d(x, 6, [3, 3], { outputsCollections: 'outputs', scope: 'Conv' }),
    );
    expect(conv.name).toBe('fe/Conv/Relu');
    expect(conv.aliases).toEqual(['Conv']);
    expect(conv.graph.getCollection('outputs')).toEqual([conv]);
  });
});

test.each(devices)('testCreateConvWithWeightDecay on %s', async (device) => {
  const { graph, value } = build(() => {
    slim.conv2d(images([5, 7, 9, 3]), 32, [3, 3], { weightsRegularizer: slim.l2Regularizer(0.01) });
    return slim.getUniqueVariable('Conv/weights').tensor;
  });
  const losses = graph.getCollection<Tensor>('regularization_losses');
  expect(losses.map((t) => t.name)).toEqual(['Conv/kernel/Regularizer/l2_regularizer']);
  const { loss, weights } = await evaluate(graph, device, { loss: losses[0] as Tensor, weights: value });
  const expected = (0.01 * (weights?.data ?? []).reduce((sum, w) => sum + w * w, 0)) / 2;
  expect(expected).toBeGreaterThan(0);
  expect(loss?.shape).toEqual([]);
  expect(loss?.data[0]).toBeCloseTo(expected, 5);
});

test('testCreateConvNoRegularizers', () => {
  const { graph } = build(() => slim.conv2d(images(), 32, [3, 3]));
  expect(graph.getCollection('regularization_losses')).toEqual([]);
});

test('testReuseVars, testNonReuseVars', () => {
  inGraph(() => {
    const x = images([5, 7, 9, 3]);
    slim.conv2d(x, 32, [3, 3], { scope: 'conv1' });
    slim.conv2d(x, 32, [3, 3], { scope: 'conv1', reuse: true });
    expect(names()).toHaveLength(2);
  });
  inGraph(() => {
    const x = images([5, 7, 9, 3]);
    slim.conv2d(x, 32, [3, 3]);
    slim.conv2d(x, 32, [3, 3]);
    expect(names()).toEqual(['Conv/weights', 'Conv/biases', 'Conv_1/weights', 'Conv_1/biases']);
  });
});

test('testReuseConvWithWD', () => {
  const { graph } = build(() => {
    const x = images([5, 7, 9, 3]);
    const weightsRegularizer = slim.l2Regularizer(0.01);
    slim.conv2d(x, 32, [3, 3], { weightsRegularizer, scope: 'conv1' });
    slim.conv2d(x, 32, [3, 3], { weightsRegularizer, scope: 'conv1', reuse: true });
  });
  expect(graph.variables.size).toBe(2);
  expect(graph.getCollection('regularization_losses')).toHaveLength(1);
});

test('testConvWithBatchNorm', () => {
  inGraph(() => {
    slim.argScope([slim.conv2d], { normalizerFn: slim.batchNorm, normalizerParams: { decay: 0.9 } }, () => {
      const net = slim.conv2d(images([5, 7, 9, 32]), 32, [3, 3]);
      slim.conv2d(net, 32, [3, 3]);
    });
    expect(slim.getVariables()).toHaveLength(8);
    expect(slim.getVariables('Conv/BatchNorm')).toHaveLength(3);
    expect(slim.getVariables('Conv_1/BatchNorm')).toHaveLength(3);
  });
});

test('testReuseConvWithBatchNorm', () => {
  inGraph(() => {
    slim.argScope([slim.conv2d], { normalizerFn: slim.batchNorm, normalizerParams: { decay: 0.9 } }, () => {
      const net = slim.conv2d(images([5, 7, 9, 32]), 32, [3, 3], { scope: 'Conv' });
      slim.conv2d(net, 32, [3, 3], { scope: 'Conv', reuse: true });
    });
    expect(slim.getVariables()).toHaveLength(4);
    expect(slim.getVariables('Conv/BatchNorm')).toHaveLength(3);
    expect(slim.getVariables('Conv_1/BatchNorm')).toHaveLength(0);
  });
});

test.each([
  ['testCreateConvCreatesWeightsAndBiasesVarsWithRateTwo', 2, 'SAME', [5, 10, 12, 32]],
  ['testOutputSizeWithRateTwoValidPadding', 2, 'VALID', [5, 6, 8, 32]],
  ['testOutputSizeWithRateTwoThreeValidPadding', [2, 3], 'VALID', [5, 6, 6, 32]],
] as const)('%s', async (_, rate, padding, expected) => {
  const { graph, value } = build(() =>
    slim.conv2d(images([5, 10, 12, 3]), 32, [3, 3], { rate, padding, scope: 'conv1' }),
  );
  expect(value.shape).toEqual(expected);
  expect([...graph.variables.keys()]).toEqual(['conv1/weights', 'conv1/biases']);
  for (const device of devices) {
    const { y } = await evaluate(graph, device, { y: value }, { feeds: { images: generatedImages([5, 10, 12, 3]) } });
    expect(y?.shape).toEqual(expected);
  }
});

test.each([
  ['testDynamicOutputSizeWithRateOneValidPadding', 1, [5, 7, 9, 32]],
  ['testDynamicOutputSizeWithRateTwoValidPadding', 2, [5, 5, 7, 32]],
] as const)('%s', async (_, rate, expected) => {
  const { graph, value } = build(() =>
    slim.conv2d(images([null, null, null, 3]), 32, [3, 3], { rate, padding: 'VALID' }),
  );
  expect(value.name).toBe('Conv/Relu');
  expect(value.shape).toEqual([null, null, null, 32]);
  for (const device of devices) {
    const { y } = await evaluate(graph, device, { y: value }, { feeds: { images: generatedImages([5, 9, 11, 3]) } });
    expect(y?.shape).toEqual(expected);
  }
});

test('testWithScope, testWithScopeWithoutActivation with rate', () => {
  inGraph(() => {
    expect(slim.conv2d(images([5, 9, 11, 3]), 32, [3, 3], { rate: 2, padding: 'VALID', scope: 'conv7' }).name).toBe(
      'conv7/Relu',
    );
    expect(
      slim.conv2d(images([5, 9, 11, 3]), 32, [3, 3], { rate: 2, padding: 'VALID', activationFn: null, scope: 'conv8' })
        .name,
    ).toBe('conv8/BiasAdd');
  });
});

test('testConvolutionInputRankMismatch', () => {
  inGraph(() => {
    expect(() => slim.conv2d(images([5, 2, 9, 11, 3]), 32, 3)).toThrow('Convolution expects input with rank 4, got 5');
    expect(() => slim.conv2d(images([5, 3]), 32, 3)).toThrow(ShapeError);
  });
});

test('testConv2dCustomGetter: it is called exactly twice, for weights and biases', () => {
  inGraph(() => {
    const seen: string[] = [];
    slim.variableScope(
      'test',
      {
        customGetter: (getter, name, options) => {
          seen.push(name);
          return getter(name, options);
        },
      },
      () => slim.conv2d(images(), 4, 3, { scope: 'c' }),
    );
    expect(seen).toEqual(['test/c/weights', 'test/c/biases']);
  });
});

test('stride and rate together are refused', () => {
  inGraph(() => {
    expect(() => slim.conv2d(images(), 4, 3, { stride: 2, rate: 2 })).toThrow(ArgumentError);
    expect(() => slim.conv2d(images(), 4, 3, { stride: [1, 2], rate: [2, 1] })).toThrow(/cannot both/);
  });
});

test('VALID padding over an image that is too small is a shape error', () => {
  inGraph(() => {
    expect(() => slim.conv2d(images([1, 2, 2, 3]), 4, 3, { padding: 'VALID' })).toThrow(ShapeError);
    expect(() => slim.conv2d(images([1, 2, 2, 3]), 4, 3, { padding: 'VALID', scope: 'again' })).toThrow(
      /Negative dimension size/,
    );
  });
});

test.each([
  ['numOutputs', () => slim.conv2d(images(), 0, 3)],
  ['numOutputs', () => slim.conv2d(images(), 1.5, 3)],
  ['kernelSize', () => slim.conv2d(images(), 4, [3, 3, 3] as never)],
  ['kernelSize', () => slim.conv2d(images(), 4, 'three' as never)],
  ['stride', () => slim.conv2d(images(), 4, 3, { stride: -1 })],
  ['padding', () => slim.conv2d(images(), 4, 3, { padding: 'FULL' })],
  ['activationFn', () => slim.conv2d(images(), 4, 3, { activationFn: 'relu' as never })],
  ['normalizerFn', () => slim.conv2d(images(), 4, 3, { normalizerFn: {} as never })],
  ['weightsInitializer', () => slim.conv2d(images(), 4, 3, { weightsInitializer: null as never })],
  ['biasesInitializer', () => slim.conv2d(images(), 4, 3, { biasesInitializer: 3 as never })],
  ['weightsRegularizer', () => slim.conv2d(images(), 4, 3, { weightsRegularizer: 0.1 as never })],
  ['trainable', () => slim.conv2d(images(), 4, 3, { trainable: 1 as never })],
] as const)('a wrong %s is refused by name', (name, attempt) => {
  expect(() => inGraph(attempt)).toThrow(ArgumentError);
  expect(() => inGraph(attempt)).toThrow(name);
});
