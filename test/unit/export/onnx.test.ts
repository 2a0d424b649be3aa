import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TypedArray } from '../../../lib/core/dtype.js';
import { Graph, type Tensor, type Variable } from '../../../lib/core/graph.js';
import { elementCount } from '../../../lib/core/shape.js';
import { ArgumentError } from '../../../lib/errors.js';
import { reorderAxes } from '../../../lib/export/axes.js';
import { exportOnnx, type OnnxRequest, writeOnnx } from '../../../lib/export/onnx.js';
import { emitters, refused } from '../../../lib/export/onnx_ops.js';
import { allOps } from '../../../lib/ops/all.js';
import * as slim from '../../../lib/slim/index.js';
import * as nets from '../../../lib/slim/nets/index.js';
import { type ReadModel, readOnnx } from '../../helpers/onnx_reader.js';

const float = 1;
const int32 = 6;
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
  let model: ReadModel;
  beforeAll(async () => {
    const read = ({ shape }: Variable) => new Float32Array(elementCount(shape));
    model = readOnnx(await exportOnnx({ graph, fetches: { logits: net }, read }));
  });

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

/** Exports what `body` builds on a placeholder `x`. */
async function small(
  body: (x: Tensor) => Readonly<Record<string, Tensor>>,
  more: Partial<OnnxRequest> = {},
  shape: readonly (number | null)[] = [2, 5, 6, 3],
): Promise<ReadModel> {
  const graph = new Graph();
  const fetches = graph.build(() => body(slim.placeholder('float32', shape, { name: 'x' })));
  const model = readOnnx(await exportOnnx({ graph, fetches, read: counting, ...more }));
  checkWiring(model);
  return model;
}

const opsOf = (model: ReadModel) => model.nodes.map(({ op }) => op);

function integers(model: ReadModel, name: string | undefined): number[] {
  const bytes = model.initializers.find((t) => t.name === name)?.bytes ?? [];
  return Array.from(new BigInt64Array(Uint8Array.from(bytes).buffer), Number);
}

describe('single ops', () => {
  test('filters become OIHW and dense SAME padding explicit', async () => {
    const model = await small((x) => ({
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

  test('a padding that is fetched, or pads channels, stays a node of its own, in NCHW order', async () => {
    const padded = (x: Tensor, low: number) =>
      slim.pad(x, [
        [0, 0],
        [1, 2],
        [3, 4],
        [low, 0],
      ]);
    const conv = (x: Tensor) => slim.conv2d(x, 1, [1, 1], { activationFn: null, padding: 'VALID' });
    const fetched = await small((x) => {
      const y = padded(x, 0);
      return { padded: y, y: conv(y) };
    });
    const pad = fetched.nodes.find((node) => node.op === 'Pad');
    expect(integers(fetched, pad?.inputs[1])).toEqual([0, 0, 1, 3, 0, 0, 2, 4]);
    expect(fetched.outputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 8, 13],
      [2, 1, 8, 13],
    ]);
    expect(opsOf(await small((x) => ({ y: conv(padded(x, 1)) })))).toEqual(['Pad', 'Conv', 'Add', 'Identity']);
    expect(opsOf(await small((x) => ({ y: conv(padded(x, 0)) })))).toEqual(['Conv', 'Add', 'Identity']);
    const twice = await small((x) => {
      const y = padded(x, 0);
      return { a: conv(y), b: conv(y) };
    });
    expect(opsOf(twice).filter((op) => op === 'Pad')).toHaveLength(1);
  });

  test('biases and constants over channels broadcast over NCHW', async () => {
    const model = await small((x) => ({ y: slim.biasAdd(x) }));
    const add = model.nodes.find((node) => node.op === 'Add');
    expect(model.initializers.find((t) => t.name === add?.inputs[1])?.shape).toEqual([3, 1, 1]);
  });

  test('constants of several axes change their order with the images', async () => {
    const values = Array.from({ length: 6 * 3 }, (_, i) => i);
    const model = await small((x) => ({ y: slim.add(x, slim.constant(values, { shape: [6, 3], name: 'c' })) }));
    expect(model.initializers[0]).toMatchObject({ name: 'c', shape: [3, 1, 6] });
    expect(floats(model, 'c')).toEqual([0, 1, 2].flatMap((c) => [0, 1, 2, 3, 4, 5].map((w) => w * 3 + c)));
  });

  test('tensors of other ranks meet in the order of the graph', async () => {
    const model = await small((x) => ({ y: slim.subtract(x, slim.reduceMean(x, [0])) }));
    expect(opsOf(model)).toEqual(['ReduceMean', 'Transpose', 'Transpose', 'Sub', 'Transpose', 'Identity']);
    expect(model.nodes[0]?.attributes).toEqual({ axes: [0], keepdims: 0 });
    expect(model.outputs[0]?.shape).toEqual([2, 3, 5, 6]);
  });

  test('means, squeezes and softmax follow the change of axes', async () => {
    const model = await small((x) => {
      const mean = slim.reduceMean(x, [1, 2], { keepDims: true });
      return { mean, classes: slim.softmax(mean), rows: slim.squeeze(mean, [1, 2]) };
    });
    expect(model.nodes.find((node) => node.op === 'ReduceMean')?.attributes).toEqual({ axes: [2, 3], keepdims: 1 });
    expect(model.nodes.find((node) => node.op === 'Softmax')?.attributes).toEqual({ axis: 1 });
    const squeeze = model.nodes.find((node) => node.op === 'Squeeze');
    expect(integers(model, squeeze?.inputs[1])).toEqual([2, 3]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([
      [2, 3, 1, 1],
      [2, 3, 1, 1],
      [2, 3],
    ]);
  });

  test('an axis that is dropped leaves the others in the order of the graph', async () => {
    const model = await small((x) => ({ y: slim.reduceSum(x, [1]), all: slim.reduceSum(x) }));
    // [N, C, H, W] without H is [N, C, W], the graph's result is [N, W, C].
    expect(model.nodes.map(({ op, attributes }) => [op, attributes])).toEqual([
      ['ReduceSum', { keepdims: 0 }],
      ['ReduceSum', { keepdims: 0 }],
      ['Transpose', { perm: [0, 2, 1] }],
      ['Identity', {}],
      ['Identity', {}],
    ]);
    expect(integers(model, model.nodes[0]?.inputs[1])).toEqual([2]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([[2, 6, 3], []]);
  });

  test('flattening and products read rows in the order of the graph, and keep the batch open', async () => {
    const model = await small((x) => ({ y: slim.fullyConnected(slim.flatten(x), 4) }), {}, [null, 5, 6, 3]);
    expect(opsOf(model)).toEqual(['Transpose', 'Reshape', 'MatMul', 'Add', 'Relu', 'Identity']);
    expect(model.nodes[0]?.attributes).toEqual({ perm: [0, 2, 3, 1] });
    expect(integers(model, model.nodes[1]?.inputs[1])).toEqual([0, -1]);
    expect(model.outputs[0]?.shape).toEqual(['N', 4]);
  });

  test('a dimension that the batch changes in another way has no name', async () => {
    const model = await small((x) => ({ y: slim.reshape(x, [-1, 3]) }), {}, [null, 5, 6, 3]);
    expect(model.outputs[0]?.shape).toEqual([null, 3]);
  });

  test('places are int32, as in the graph', async () => {
    const model = await small((x) => {
      const rows = slim.reduceMean(x, [1, 2]);
      const { values, indices } = slim.topK(rows, 2);
      return { best: slim.argMax(rows, -1), values, indices };
    });
    expect(opsOf(model)).toEqual(['ReduceMean', 'TopK', 'Cast', 'ArgMax', 'Cast', 'Identity', 'Identity', 'Identity']);
    expect(model.outputs.map(({ elementType, shape }) => [elementType, shape])).toEqual([
      [int32, [2]],
      [float, [2, 2]],
      [int32, [2, 2]],
    ]);
  });

  test('relu6 clips', async () => {
    const model = await small((x) => ({ y: slim.relu6(x) }));
    expect(model.nodes[0]).toMatchObject({ op: 'Clip', inputs: ['x', 'constant/float32', 'constant/float32_1'] });
    expect([floats(model, 'constant/float32'), floats(model, 'constant/float32_1')]).toEqual([[0], [6]]);
  });

  test('every op of the library is exported, or refused with a reason', () => {
    const decided = [...Object.keys(emitters), ...Object.keys(refused), 'input', 'variable', 'constant'];
    expect(decided.sort()).toEqual(allOps.filter((op) => !op.internal).map(({ name }) => name));
  });
});

describe('requests', () => {
  test('axes stay those of the graph where that is asked for', async () => {
    const body = (x: Tensor) => ({ y: slim.relu(slim.conv2d(x, 2, [1, 1], { activationFn: null })) });
    const model = await small(body, { layout: 'unchanged' });
    expect(opsOf(model)).toEqual(['Transpose', 'Conv', 'Add', 'Relu', 'Transpose', 'Identity']);
    expect([model.inputs[0]?.shape, model.outputs[0]?.shape]).toEqual([
      [2, 5, 6, 3],
      [2, 5, 6, 2],
    ]);
  });

  test('a result may have the name of a node, not that of a placeholder', async () => {
    const model = await small((x) => ({ Relu: slim.relu(x) }));
    expect(model.nodes.map(({ outputs }) => outputs[0])).toEqual(['Relu_1', 'Relu']);
    await expect(small((x) => ({ x: slim.relu(x) }))).rejects.toThrow(/x is the name of a placeholder/);
  });

  test('a placeholder may be a result, and one tensor two', async () => {
    const model = await small((x) => ({ a: x, b: x }));
    expect(model.nodes.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([
      [['x'], ['a']],
      [['x'], ['b']],
    ]);
  });

  test('free text stands in the metadata', async () => {
    expect((await small((x) => ({ y: slim.relu(x) }), { metadata: { network: 'small' } })).metadata).toEqual({
      network: 'small',
    });
  });

  test('an op of training is refused by op and node', async () => {
    await expect(small((x) => ({ y: slim.batchNorm(x, { isTraining: true }) }))).rejects.toMatchObject({
      code: 'ERR_ARGUMENT',
      op: 'batch_norm_training',
      node: expect.stringMatching(/^BatchNorm\//),
      message: expect.stringMatching(
        /^exportOnnx: BatchNorm\/.*: the op batch_norm_training has no ONNX counterpart .*isTraining/,
      ),
    });
  });

  test('heights and widths must be known; a batch in shapes fixes it, null leaves it open', async () => {
    const graph = new Graph();
    const y = graph.build(() => slim.maxPool2d(slim.placeholder('float32', [null, null, 8, 3], { name: 'x' }), [2, 2]));
    const request = { graph, fetches: { y }, read: counting };
    await expect(exportOnnx(request)).rejects.toThrow(ArgumentError);
    await expect(exportOnnx(request)).rejects.toThrow(/Input x: height and width must be known/);
    const shapeFor = async (x: readonly (number | null)[]) =>
      readOnnx(await exportOnnx({ ...request, shapes: { x } })).outputs[0]?.shape;
    expect(await shapeFor([null, 6, 8, 3])).toEqual(['N', 3, 3, 4]);
    expect(await shapeFor([7, 6, 8, 3])).toEqual([7, 3, 3, 4]);
    await expect(shapeFor(['' as never, 6, 8, 3])).rejects.toThrow(/shapes: x: expected dimensions/);
    await expect(shapeFor([-1, 6, 8, 3])).rejects.toThrow(/shapes: x: expected dimensions/);
    await expect(exportOnnx({ ...request, shapes: { z: [1] } })).rejects.toThrow(/shapes: there is no placeholder z/);
  });

  test.each([
    [{ fetch: {} }, /exportOnnx has no option fetch/],
    [{ fetches: {} }, /fetches: expected tensors by name/],
    [{ fetches: { y: 1 } }, /fetches: y: expected a Tensor/],
    [{ graph: {} }, /expected a Graph/],
    [{ read: undefined }, /read: expected a function/],
    [{ layout: 'NHWC' }, /layout: expected nchw or unchanged, received the string "NHWC"/],
    [{ metadata: { a: 1 } }, /metadata: a: expected text/],
    [{ read: () => new Float32Array(5) }, /read: expected 3 values of float32 for BiasAdd\/biases \[3\]/],
    [{ read: () => new Int32Array(3) }, /read: expected 3 values of float32/],
  ])('wrong ones are refused: %j', async (more, message) => {
    await expect(small((x) => ({ y: slim.biasAdd(x) }), more as never)).rejects.toThrow(message);
  });
});

describe('files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slimnet-onnx-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function request(): OnnxRequest {
    const graph = new Graph();
    const y = graph.build(() => slim.conv2d(slim.placeholder('float32', [1, 8, 8, 3], { name: 'x' }), 32, [3, 3]));
    return { graph, fetches: { y }, read: counting };
  }

  test('hold what exportOnnx gives', async () => {
    const path = join(folder, 'new', 'small.onnx');
    const { files, bytes } = await writeOnnx(path, request());
    expect(files).toEqual([path]);
    const expected = await exportOnnx(request());
    expect(bytes).toBe(expected.length);
    expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
  });

  test('leave large weights in a file of their own where that is asked for', async () => {
    const path = join(folder, 'outside.onnx');
    const { files } = await writeOnnx(path, request(), { externalData: true });
    expect(files).toEqual([`${path}.data`, path]);
    const inline = readOnnx(await exportOnnx(request()));
    const model = readOnnx(readFileSync(path));
    const data = readFileSync(`${path}.data`);
    expect({ ...model, initializers: [] }).toEqual({ ...inline, initializers: [] });
    for (const [i, { name, bytes, external }] of model.initializers.entries()) {
      const whole = inline.initializers[i]?.bytes as Uint8Array;
      expect(external !== undefined).toBe(whole.length >= 1024);
      expect(external?.location ?? 'outside.onnx.data').toBe('outside.onnx.data');
      const begin = Number(external?.offset);
      const found = external === undefined ? bytes : data.subarray(begin, begin + Number(external.length));
      expect([name, Buffer.compare(found, whole)]).toEqual([inline.initializers[i]?.name, 0]);
    }
  });

  test('larger than 2 GiB need it, which is known before any weight is read', async () => {
    const graph = new Graph();
    const y = graph.build(() => {
      const x = slim.placeholder('float32', [1, 2 ** 15], { name: 'x' });
      return slim.fullyConnected(x, 2 ** 15, { biasesInitializer: null });
    });
    const read = () => {
      throw new Error('read');
    };
    await expect(exportOnnx({ graph, fetches: { y }, read })).rejects.toThrow(
      /the model takes 4294967\d+ bytes.*writeOnnx/,
    );
    await expect(writeOnnx(join(folder, 'large.onnx'), { graph, fetches: { y }, read })).rejects.toThrow('read');
    expect(readdirSync(folder).filter((name) => name.startsWith('large') || name.endsWith('.tmp'))).toEqual([]);
  });

  test('are not written for wrong paths and options, or after an abort', async () => {
    await expect(writeOnnx('', request())).rejects.toThrow(/expected the path of a file/);
    await expect(writeOnnx(`${folder}/`, request())).rejects.toThrow(/expected the path of a file/);
    const path = join(folder, 'never.onnx');
    await expect(writeOnnx(path, request(), { external: true } as never)).rejects.toThrow(
      /no option external; .*externalData/,
    );
    await expect(writeOnnx(path, request(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
    await expect(writeOnnx(folder, request())).rejects.toMatchObject({ code: 'ERR_CHECKPOINT' });
    expect(readdirSync(folder).filter((name) => name.startsWith('never') || name.endsWith('.tmp'))).toEqual([]);
  });
});

test('axes in another order: every permutation of a tensor', () => {
  const shape = [2, 3, 1, 4];
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const at = (i: readonly number[]) => ((i[0] as number) * 3 + (i[1] as number)) * 4 + (i[3] as number);
  const orders = [0, 1, 2, 3].flatMap((a) =>
    [0, 1, 2, 3].flatMap((b) => [0, 1, 2, 3].flatMap((c) => [0, 1, 2, 3].map((d) => [a, b, c, d]))),
  );
  for (const order of orders.filter((o) => new Set(o).size === 4)) {
    const sizes = order.map((axis) => shape[axis] as number);
    const expected: number[] = [];
    for (let p = 0; p < 24; p++) {
      let rest = p;
      const index = [0, 0, 0, 0];
      for (let axis = 3; axis >= 0; axis--) {
        index[order[axis] as number] = rest % (sizes[axis] as number);
        rest = Math.floor(rest / (sizes[axis] as number));
      }
      expected.push(at(index));
    }
    expect([order, Array.from(reorderAxes('float32', data, shape, order), Number)]).toEqual([order, expected]);
  }
});
