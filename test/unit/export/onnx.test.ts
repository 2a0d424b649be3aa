import type { TypedArray } from '../../../lib/core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../../lib/core/graph.js';
import { elementCount } from '../../../lib/core/shape.js';
import { ArgumentError } from '../../../lib/errors.js';
import { exportOnnx } from '../../../lib/export/onnx.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
import { type ReadModel, readOnnx } from './onnx_reader.js';

const float = 1;
const int64 = 7;

/** Values that tell where they came from: element i is i. */
const counting = ({ shape }: Variable): TypedArray => Float32Array.from({ length: elementCount(shape) }, (_, i) => i);

/** Every name that is read stands before, and no name is made twice. */
function checkWiring({ nodes, initializers, inputs, outputs }: ReadModel): void {
  const known = new Set([...inputs, ...initializers].map(({ name }) => name));
  expect(known.size).toBe(inputs.length + initializers.length);
  for (const node of nodes) {
    for (const input of node.inputs) expect(known).toContain(input);
    for (const output of node.outputs) {
      expect(known).not.toContain(output);
      known.add(output);
    }
  }
  for (const { name } of outputs) expect(known).toContain(name);
  const width: Readonly<Record<number, number>> = { [float]: 4, [int64]: 8 };
  for (const { shape, elementType, bytes } of initializers)
    expect(bytes).toHaveLength(elementCount(shape) * (width[elementType] as number));
}

function floats(model: ReadModel, name: string): number[] {
  const bytes = model.initializers.find((t) => t.name === name)?.bytes as Uint8Array;
  return Array.from(new Float32Array(bytes.slice().buffer));
}

describe('resnet_v1_50', () => {
  const graph = new Graph();
  const net = graph.build(() => {
    const images = slim.placeholder('float32', [null, 64, 96, 3], { name: 'images' });
    return slim.argScope(
      nets.resnetArgScope(),
      () => nets.resnetV1_50(images, { numClasses: 10, isTraining: false }).net,
    );
  });
  const model = readOnnx(
    exportOnnx({ graph, fetches: { logits: net }, valueOf: ({ shape }) => new Float32Array(elementCount(shape)) }),
  );

  test('is complete and in order', () => {
    checkWiring(model);
    expect(model).toMatchObject({ irVersion: 8, opset: 17 });
    const count = (op: string) => model.nodes.filter((node) => node.op === op).length;
    expect({
      conv: count('Conv'),
      norm: count('BatchNormalization'),
      sum: count('Add'),
      relu: count('Relu'),
      pool: count('MaxPool'),
      mean: count('ReduceMean'),
      pad: count('Pad'),
    }).toEqual({
      conv: 54,
      norm: 53,
      sum: 17,
      relu: 49,
      pool: 4,
      mean: 1,
      pad: 0,
    });
  });

  test('takes and gives NCHW with an open batch', () => {
    expect(model.inputs).toEqual([{ name: 'images', elementType: float, shape: ['N', 3, 64, 96] }]);
    expect(model.outputs).toEqual([{ name: 'logits', elementType: float, shape: ['N', 10, 1, 1] }]);
  });

  test('puts explicit padding into the convolution that reads it', () => {
    const conv1 = model.nodes.find((node) => node.op === 'Conv');
    expect(conv1?.inputs[0]).toBe('images');
    expect(conv1?.attributes).toEqual({ kernel_shape: [7, 7], strides: [2, 2], dilations: [1, 1], pads: [3, 3, 3, 3] });
  });
});

describe('single ops', () => {
  function small(body: (x: Tensor) => Readonly<Record<string, Tensor>>): ReadModel {
    const graph = new Graph();
    const fetches = graph.build(() => body(slim.placeholder('float32', [2, 5, 6, 3], { name: 'x' })));
    const model = readOnnx(exportOnnx({ graph, fetches, valueOf: counting }));
    checkWiring(model);
    return model;
  }

  test('filters become OIHW and dense SAME padding explicit', () => {
    const model = small((x) => ({
      y: slim.conv2d(x, 2, [3, 1], { stride: [2, 1], activationFn: null, biasesInitializer: null }),
    }));
    const [conv] = model.nodes;
    expect(conv).toMatchObject({
      op: 'Conv',
      attributes: { kernel_shape: [3, 1], strides: [2, 1], pads: [1, 0, 1, 0] },
    });
    const filter = model.initializers.find((t) => t.name === conv?.inputs[1]);
    expect(filter?.shape).toEqual([2, 3, 3, 1]);
    // Element [h, 0, c, o] of HWIO is (h * 3 + c) * 2 + o.
    const expected = [0, 1].flatMap((o) => [0, 1, 2].flatMap((c) => [0, 1, 2].map((h) => (h * 3 + c) * 2 + o)));
    expect(floats(model, filter?.name as string)).toEqual(expected);
  });

  test('a padding that is fetched stays a node of its own, in NCHW order', () => {
    const model = small((x) => {
      const padded = slim.pad(x, [
        [0, 0],
        [1, 2],
        [3, 4],
        [0, 0],
      ]);
      return { padded, y: slim.conv2d(padded, 1, [1, 1], { activationFn: null, padding: 'VALID' }) };
    });
    const pad = model.nodes.find((node) => node.op === 'Pad');
    const pads = model.initializers.find((t) => t.name === pad?.inputs[1]);
    expect(Array.from(new BigInt64Array(Uint8Array.from(pads?.bytes ?? []).buffer), Number)).toEqual([
      0, 0, 1, 3, 0, 0, 2, 4,
    ]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 8, 13],
      [2, 1, 8, 13],
    ]);
  });

  test('biases and constants over channels broadcast over NCHW', () => {
    const model = small((x) => ({ y: slim.biasAdd(x) }));
    const add = model.nodes.find((node) => node.op === 'Add');
    expect(model.initializers.find((t) => t.name === add?.inputs[1])?.shape).toEqual([3, 1, 1]);
  });

  test('means, squeezes and softmax follow the change of axes', () => {
    const model = small((x) => {
      const mean = slim.reduceMean(x, [1, 2], { keepDims: true });
      return { mean, classes: slim.softmax(mean) };
    });
    expect(model.nodes.find((node) => node.op === 'ReduceMean')?.attributes).toEqual({ axes: [2, 3], keepdims: 1 });
    expect(model.nodes.find((node) => node.op === 'Softmax')?.attributes).toEqual({ axis: 1 });
  });

  test('what has no counterpart, or no known size, is refused by name', () => {
    expect(() => small((x) => ({ y: slim.batchNorm(x, { isTraining: true }) }))).toThrow(
      /batch_norm_training has no ONNX counterpart/,
    );
    const graph = new Graph();
    const y = graph.build(() => slim.maxPool2d(slim.placeholder('float32', [null, null, 8, 3], { name: 'x' }), [2, 2]));
    const request = { graph, fetches: { y }, valueOf: counting };
    expect(() => exportOnnx(request)).toThrow(ArgumentError);
    expect(() => exportOnnx(request)).toThrow(/Input x: height and width must be known/);
    expect(readOnnx(exportOnnx({ ...request, shapes: { x: [1, 6, 8, 3] } })).outputs[0]?.shape).toEqual(['N', 3, 3, 4]);
  });
});
