import type { TypedArray } from '../core/dtype.js';
import type { Graph, Node, Tensor, Variable } from '../core/graph.js';
import type { AttrValue } from '../core/op.js';
import { type ConcreteShape, type ConcreteType, elementCount, isConcrete } from '../core/shape.js';
import { concreteTypes, reachable } from '../core/traversal.js';
import { ArgumentError } from '../errors.js';
import {
  encodeModel,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  onnxTypes,
} from './onnx_messages.js';

/** What to export. */
export interface OnnxRequest {
  readonly graph: Graph;
  /** Results by the name that they get in the file. */
  readonly fetches: Readonly<Record<string, Tensor>>;
  /** The current value of a variable, e.g. `session.read`. */
  readonly valueOf: (variable: Variable) => TypedArray;
  /** Shapes of placeholders whose height or width is unknown. */
  readonly shapes?: Readonly<Record<string, ConcreteShape>>;
}

const opset = 17;
const batchName = 'N';

/**
 * An inference graph as an ONNX file. Images become NCHW, as ONNX wants them: placeholders and results of rank 4 change their
 * axis order, all others keep it. The batch stays open where the placeholder leaves it open.
 * @throws ArgumentError for ops that an inference graph does not have
 */
export function exportOnnx(request: OnnxRequest): Uint8Array {
  const exporter = new Exporter(request);
  return exporter.run();
}

/** NHWC dimensions in NCHW order. */
function nchw<T>(shape: readonly T[]): T[] {
  return shape.length === 4 ? [shape[0] as T, shape[3] as T, shape[1] as T, shape[2] as T] : [...shape];
}

/** The NCHW position of an NHWC axis. */
function axisIn(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  return rank === 4 ? ([0, 2, 3, 1][positive] as number) : positive;
}

class Exporter {
  readonly #request: OnnxRequest;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  readonly #types: ReadonlyMap<Tensor, ConcreteType>;
  readonly #graphNodes: readonly Node[];
  /** Tensors that are read once, and by no fetch. */
  readonly #readOnce: ReadonlySet<Tensor>;

  constructor(request: OnnxRequest) {
    const { graph, fetches, shapes } = request;
    this.#request = request;
    this.#graphNodes = reachable(graph, Object.values(fetches));
    this.#types = concreteTypes(this.#graphNodes, inputShapes(this.#graphNodes, shapes ?? {}));
    this.#readOnce = readOnce(this.#graphNodes, Object.values(fetches));
  }

  run(): Uint8Array {
    const inputs = [];
    for (const node of this.#graphNodes) {
      if (node.op.name === 'input') {
        const tensor = node.outputs[0] as Tensor;
        inputs.push({ name: tensor.name, type: onnxType(tensor), shape: this.#open(tensor) });
      } else if (!node.op.source)
        this.#emit(
          node,
          node.op.resolve(
            node.inputs.map((t) => this.type(t)),
            node.attrs,
          ),
        );
    }
    const outputs = Object.entries(this.#request.fetches).map(([name, tensor]) => {
      this.#nodes.push({ op: 'Identity', name: `output/${name}`, inputs: [tensor.name], outputs: [name] });
      return { name, type: onnxType(tensor), shape: this.#open(tensor) };
    });
    return encodeModel({
      name: 'slimnet',
      opset,
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs,
      outputs,
    });
  }

  /** Dimensions for the file: an open batch by its name. */
  #open(tensor: Tensor): (number | string)[] {
    const concrete = (this.#types.get(tensor) as ConcreteType).shape;
    return nchw(concrete.map((d, i) => (i === 0 && tensor.shape[0] === null ? batchName : d)));
  }

  #emit(node: Node, attrs: Readonly<Record<string, AttrValue>>): void {
    const emit = emitters[node.op.name];
    if (emit === undefined)
      throw new ArgumentError(`The op ${node.op.name} has no ONNX counterpart here.`, {
        op: node.op.name,
        node: node.name,
      });
    emit(this, node, attrs);
  }

  type(tensor: Tensor): ConcreteType {
    return this.#types.get(tensor) as ConcreteType;
  }

  add(
    op: string,
    node: Node,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): void {
    this.#nodes.push({ op, name: node.name, inputs, outputs: node.outputs.map((t) => t.name), attributes });
  }

  /** Values that the file carries; `arrange` may reorder them first. */
  constant(name: string, data: TypedArray, shape: readonly number[], type: OnnxType): string {
    if (!this.#initializers.some((t) => t.name === name)) {
      this.#initializers.push({
        name,
        type,
        shape,
        bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      });
    }
    return name;
  }

  /** Data of a variable or constant. @throws ArgumentError for anything that is computed */
  data(tensor: Tensor): Float32Array {
    const { node } = tensor;
    if (node.variable !== null) return this.#request.valueOf(node.variable) as Float32Array;
    if (node.op.name === 'constant') {
      const values = node.attrs.values as readonly number[];
      const count = elementCount(this.type(tensor).shape);
      return Float32Array.from({ length: count }, (_, i) => values[values.length === 1 ? 0 : i] as number);
    }
    throw new ArgumentError(`${tensor.name}: expected a variable or constant.`, { node: node.name });
  }

  /** A vector over channels, shaped so that it broadcasts over NCHW. */
  operand(tensor: Tensor, rank: number): string {
    if (!tensor.node.op.source || tensor.node.op.name === 'input') return tensor.name;
    const { shape } = this.type(tensor);
    const stretched = shape.length === 1 && rank === 4 ? [shape[0] as number, 1, 1] : nchw(shape);
    return this.constant(`${tensor.name}/onnx`, this.data(tensor), stretched, 'float32');
  }

  /** Pads of a pad op in front of a convolution that is its only reader; the pad is dropped from the file. */
  pads(x: Tensor, own: readonly number[]): { x: Tensor; pads: readonly number[] } {
    const { node } = x;
    if (node.op.name !== 'pad' || !this.#readOnce.has(x)) return { x, pads: own };
    const [, , top, bottom, left, right] = node.attrs.pads as readonly number[];
    const at = this.#nodes.findIndex((n) => n.outputs[0] === x.name);
    if (at >= 0) this.#nodes.splice(at, 1);
    return {
      x: node.inputs[0] as Tensor,
      pads: [top, bottom, left, right].map((p, i) => (p as number) + (own[i] as number)),
    };
  }
}

/** Tensors that one node reads and no fetch. */
function readOnce(nodes: readonly Node[], fetches: readonly Tensor[]): Set<Tensor> {
  const once = new Set<Tensor>();
  const more = new Set<Tensor>(fetches);
  for (const tensor of nodes.flatMap((node) => node.inputs)) {
    if (once.has(tensor)) more.add(tensor);
    once.add(tensor);
  }
  for (const tensor of more) once.delete(tensor);
  return once;
}

/** Shapes of the placeholders. The batch does not matter to any op here, so 1 stands for an open one. */
function inputShapes(
  nodes: readonly Node[],
  given: Readonly<Record<string, ConcreteShape>>,
): Map<string, ConcreteShape> {
  const shapes = new Map<string, ConcreteShape>();
  for (const node of nodes.filter((n) => n.op.name === 'input')) {
    const name = node.attrs.name as string;
    const shape = given[name] ?? (node.outputs[0] as Tensor).shape.map((d, i) => (d === null && i === 0 ? 1 : d));
    if (!isConcrete(shape)) {
      throw new ArgumentError(`Input ${name}: height and width must be known for ONNX.`, {
        node: node.name,
        hint: 'give them in shapes.',
      });
    }
    shapes.set(name, shape);
  }
  return shapes;
}

type Emitter = (e: Exporter, node: Node, attrs: Readonly<Record<string, AttrValue>>) => void;

const names = (node: Node) => node.inputs.map((t) => t.name);
const first = (node: Node) => node.inputs[0] as Tensor;
const onnxPads = ([top, bottom, left, right]: readonly number[]) => [top, left, bottom, right] as number[];

function binary(op: string): Emitter {
  return (e, node) => {
    const rank = e.type(node.outputs[0] as Tensor).shape.length;
    e.add(
      op,
      node,
      node.inputs.map((t) => e.operand(t, rank)),
    );
  };
}

function unary(op: string): Emitter {
  return (e, node) => e.add(op, node, names(node));
}

function pool(op: string, attributes: Readonly<Record<string, OnnxAttribute>>): Emitter {
  return (e, node, a) =>
    e.add(op, node, names(node), {
      kernel_shape: a.ksize as readonly number[],
      strides: a.strides as readonly number[],
      pads: onnxPads(a.pads as readonly number[]),
      ...attributes,
    });
}

/** One line for each op that an inference graph may hold. */
const emitters: Readonly<Record<string, Emitter>> = {
  conv2d: (e, node, a) => {
    const [, filter] = node.inputs as readonly [Tensor, Tensor];
    const { x, pads } = e.pads(first(node), a.pads as readonly number[]);
    const [height, width, channels, outputs] = e.type(filter).shape as readonly [number, number, number, number];
    const weights = e.constant(
      `${filter.name}/onnx`,
      oihw(e.data(filter), height, width, channels, outputs),
      [outputs, channels, height, width],
      'float32',
    );
    e.add('Conv', node, [x.name, weights], {
      kernel_shape: [height, width],
      strides: a.strides as readonly number[],
      dilations: a.dilations as readonly number[],
      pads: onnxPads(pads),
    });
  },
  bias_add: binary('Add'),
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Mul'),
  batch_norm: (e, node, a) => {
    const statistics = node.inputs
      .slice(1)
      .map((t) => e.constant(`${t.name}/onnx`, e.data(t), e.type(t).shape, 'float32'));
    e.add('BatchNormalization', node, [first(node).name, ...statistics], { epsilon: { float: a.epsilon as number } });
  },
  relu: unary('Relu'),
  relu6: (e, node) => {
    const low = e.constant('relu6/low', new Float32Array([0]), [], 'float32');
    const high = e.constant('relu6/high', new Float32Array([6]), [], 'float32');
    e.add('Clip', node, [first(node).name, low, high]);
  },
  pad: (e, node, a) => {
    const pads = a.pads as readonly number[];
    const pairs = nchw(
      Array.from({ length: pads.length / 2 }, (_, i) => [pads[2 * i], pads[2 * i + 1]] as [number, number]),
    );
    const flat = BigInt64Array.from([...pairs.map((p) => p[0]), ...pairs.map((p) => p[1])].map(BigInt));
    e.add('Pad', node, [first(node).name, e.constant(`${node.name}/pads`, flat, [flat.length], 'int64')]);
  },
  max_pool2d: pool('MaxPool', {}),
  avg_pool2d: pool('AveragePool', { count_include_pad: 0 }),
  reduce_mean: (e, node, a) => {
    const rank = e.type(first(node)).shape.length;
    e.add('ReduceMean', node, names(node), {
      axes: (a.axes as readonly number[]).map((axis) => axisIn(axis, rank)).sort((p, q) => p - q),
      keepdims: a.keep_dims === true ? 1 : 0,
    });
  },
  softmax: (e, node) => e.add('Softmax', node, names(node), { axis: axisIn(-1, e.type(first(node)).shape.length) }),
  squeeze: (e, node, a) => {
    const rank = e.type(first(node)).shape.length;
    const axes = BigInt64Array.from((a.axes as readonly number[]).map((axis) => BigInt(axisIn(axis, rank))).sort());
    e.add('Squeeze', node, [first(node).name, e.constant(`${node.name}/axes`, axes, [axes.length], 'int64')]);
  },
};

function onnxType(tensor: Tensor): OnnxType {
  if (!Object.hasOwn(onnxTypes, tensor.dtype))
    throw new ArgumentError(`${tensor.name}: dtype ${tensor.dtype} is not exported.`);
  return tensor.dtype as OnnxType;
}

/** HWIO to OIHW. */
function oihw(data: Float32Array, height: number, width: number, channels: number, outputs: number): Float32Array {
  const out = new Float32Array(data.length);
  const area = height * width;
  for (let p = 0, from = 0; p < area; p++) {
    for (let c = 0; c < channels; c++) {
      for (let o = 0; o < outputs; o++, from++) out[(o * channels + c) * area + p] = data[from] as number;
    }
  }
  return out;
}
