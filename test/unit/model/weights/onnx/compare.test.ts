/** Graphs of ONNX files beside networks: what computes something else is never taken for the network. */
import type { CheckpointReader, OnnxGraph, OnnxNode, TensorInfo } from '../../../../../lib/checkpoint/index.js';
import type { Tensor } from '../../../../../lib/core/graph.js';
import { Graph } from '../../../../../lib/core/graph.js';
import { CheckpointError } from '../../../../../lib/errors.js';
import { type Comparison, compareLayers } from '../../../../../lib/model/weights/onnx/compare.js';
import { fileLayers } from '../../../../../lib/model/weights/onnx/file_layers.js';
import { type Layer, LayerTable } from '../../../../../lib/model/weights/onnx/layers.js';
import { namedWeights } from '../../../../../lib/model/weights/onnx/named_weights.js';
import { networkLayers } from '../../../../../lib/model/weights/onnx/network_layers.js';
import * as slim from '../../../../../lib/slim/index.js';
import { placeholder } from '../../../../../lib/slim/placeholder.js';

const side = 8;

type Attributes = Readonly<Record<string, number | readonly number[] | string>>;

function node(op: string, inputs: readonly string[], output: string, attributes: Attributes = {}): OnnxNode {
  const entries = Object.entries(attributes).map(
    ([name, value]) =>
      [
        name,
        typeof value === 'string' ? { text: value } : typeof value === 'number' ? { int: value } : { ints: value },
      ] as const,
  );
  return { op, name: output, inputs, outputs: [output], attributes: new Map(entries) };
}

function graphOf(
  nodes: readonly OnnxNode[],
  outputs: readonly string[],
  small: Readonly<Record<string, readonly number[]>> = {},
  size = side,
): OnnxGraph {
  return {
    ...{ producer: 'test', opset: 17, nodes, small: new Map(Object.entries(small)) },
    inputs: [{ name: 'x', shape: [1, 3, size, size] }],
    outputs: outputs.map((name) => ({ name, shape: null })),
  };
}

/** Kernels [4, 3, 3, 3] by names that begin with w, and vectors of 4. */
function tensorsOf(nodes: readonly OnnxNode[]): Map<string, TensorInfo> {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const names = nodes.flatMap(({ inputs }) => inputs).filter((name) => name !== 'x' && name !== '' && !made.has(name));
  return new Map(
    names.map((name) => {
      const shape = name.startsWith('w') ? [4, 3, 3, 3] : [4];
      const count = shape.reduce((product, n) => product * n, 1);
      return [name, { name, dtype: 'float32', shape, bytes: 4 * count }];
    }),
  );
}

const conv = (input: string, kernel: string, output: string) =>
  node('Conv', [input, kernel], output, { pads: [1, 1, 1, 1] });
const norm = (input: string, prefix: string, output: string) =>
  node('BatchNormalization', [input, ...['scale', 'offset', 'mean', 'variance'].map((p) => `${prefix}_${p}`)], output);

function compared(build: (images: Tensor) => Tensor, graph: OnnxGraph): Comparison {
  const table = new LayerTable();
  const root = new Graph().build(() => build(placeholder('float32', [null, side, side, 3], { name: 'images' })));
  const network = networkLayers(root, [side, side], table);
  const [file] = fileLayers(graph, tensorsOf(graph.nodes), side, table);
  return compareLayers(network, file as Layer<never>);
}

const bare = { activationFn: null, biasesInitializer: null } as const;
const normalized = (x: Tensor, scope: string) =>
  slim.conv2d(x, 4, 3, {
    ...bare,
    scope,
    normalizerFn: slim.batchNorm,
    normalizerParams: { scale: true, isTraining: false },
  });

test('a convolution that the file reads beside its normalization as well is not the one that the network reads behind it alone', () => {
  const nodes = [conv('x', 'w', 'c'), norm('c', 'n', 'b'), node('Relu', ['b'], 'r'), node('Add', ['r', 'c'], 'y')];
  const network = (images: Tensor) => {
    const net = normalized(images, 'conv');
    return slim.add(slim.relu(net), net);
  };
  expect(compared(network, graphOf(nodes, ['y']))).toMatchObject({
    isSame: false,
    difference: expect.stringMatching(/conv/),
  });
  const same = [...nodes.slice(0, 3), node('Add', ['r', 'b'], 'y')];
  expect(compared(network, graphOf(same, ['y']))).toMatchObject({ isSame: true });
});

test('variables that two layers of the network share are not taken from two tensors of the file', () => {
  const network = (images: Tensor) => {
    const first = slim.conv2d(images, 4, 3, { ...bare, scope: 'conv' });
    const second = slim.conv2d(slim.relu(images), 4, 3, { ...bare, scope: 'conv', reuse: true });
    return slim.add(first, second);
  };
  const nodes = (kernel: string) => [
    conv('x', 'w', 'a'),
    node('Relu', ['x'], 'r'),
    conv('r', kernel, 'b'),
    node('Add', ['a', 'b'], 'y'),
  ];
  expect(compared(network, graphOf(nodes('w'), ['y']))).toMatchObject({ isSame: true });
  expect(compared(network, graphOf(nodes('w2'), ['y']))).toMatchObject({
    isSame: false,
    difference: expect.stringMatching(/conv\/weights/),
  });
});

test('an average that counts its padding is not one that does not', () => {
  const network = (images: Tensor) => slim.avgPool2d(images, 3, { stride: 2, padding: 'SAME' });
  const pool = (attributes: Attributes) =>
    graphOf(
      [
        node('AveragePool', ['x'], 'y', {
          kernel_shape: [3, 3],
          strides: [2, 2],
          auto_pad: 'SAME_UPPER',
          ...attributes,
        }),
      ],
      ['y'],
    );
  expect(compared(network, pool({}))).toMatchObject({ isSame: true });
  expect(compared(network, pool({ count_include_pad: 1 }))).toMatchObject({ isSame: false });
});

test('a window of the size of the map that does not lie on all of it is no average of the map', () => {
  const network = (images: Tensor) => slim.reduceMean(images, [1, 2], { keepDims: true });
  const pool = (pads: readonly number[]) =>
    graphOf([node('AveragePool', ['x'], 'y', { kernel_shape: [side, side], strides: [side, side], pads })], ['y']);
  expect(compared(network, pool([0, 0, 0, 0]))).toMatchObject({ isSame: true });
  expect(compared(network, pool([1, 1, 1, 1]))).toMatchObject({ isSame: false });
});

function readerOf(graph: OnnxGraph): CheckpointReader {
  return {
    path: 'm.onnx',
    files: [],
    metadata: {},
    graph,
    tensors: tensorsOf(graph.nodes),
  } as unknown as CheckpointReader;
}

test.each<[string, OnnxGraph]>([
  [
    'a chain of fifteen thousand softmaxes',
    graphOf(
      Array.from({ length: 15_000 }, (_, i) => node('Softmax', [i === 0 ? 'x' : `s${i - 1}`], `s${i}`)),
      ['s14999'],
    ),
  ],
  ['images of more pixels than there can be', graphOf([conv('x', 'w', 'y')], ['y'], {}, 2 ** 40)],
  [
    'forty outputs',
    graphOf(
      Array.from({ length: 40 }, (_, i) => conv('x', `w${i}`, `y${i}`)),
      Array.from({ length: 40 }, (_, i) => `y${i}`),
    ),
  ],
])('%s are refused, soon', (_, graph) => {
  expect(() => namedWeights(readerOf(graph), null)).toThrow(CheckpointError);
});
