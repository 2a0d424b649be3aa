import type { DType } from '../core/dtype.js';
import type { Node, Tensor } from '../core/graph.js';
import { normalizeAxis } from '../core/shape.js';
import { type AxisOrder, channelsSecond, inOrder, naturalOrder, sameOrder, withoutAxes } from './axes.js';
import type { Attributes, OnnxExporter } from './onnx_exporter.js';
import { type OnnxAttributes, onnxTypes } from './onnx_messages.js';

/** Version of ONNX's operator set in which the entries below are written. */
export const opset = 17;

/** Writes one node of the graph. `attrs` are resolved: padding is explicit. */
type Emitter = (e: OnnxExporter, node: Node, attrs: Attributes) => void;

const first = (node: Node) => node.inputs[0] as Tensor;
const second = (node: Node) => node.inputs[1] as Tensor;
const ints = (value: unknown) => value as readonly number[];
const onnxPads = ([top, bottom, left, right]: readonly number[]) => [top, left, bottom, right] as number[];
/** OIHW of a filter [height, width, inputs, outputs]. */
const filterOrder: AxisOrder = [3, 2, 0, 1];

/** Ops that say the same of each element wherever it stands. */
function unary(op: string, ...constants: readonly number[]): Emitter {
  return (e, node) => {
    const x = first(node);
    const more = constants.map((value) => e.constant(x.dtype, [value], []));
    e.node(op, node, [e.read(x, e.orderOf(x)), ...more], e.orderOf(x));
  };
}

/** Ops whose inputs are aligned from the right, and stretched where they are 1. */
function elementwise(op: string): Emitter {
  return (e, node) => {
    const rank = e.rank(node.outputs[0] as Tensor);
    const computed = node.inputs.filter((tensor) => !e.isSource(tensor));
    // Axes are aligned as the graph has them: with ranks that differ this holds in the graph's own order alone.
    const mixed = computed.some((tensor) => e.rank(tensor) > 0 && e.rank(tensor) < rank);
    const natural = naturalOrder(rank);
    const moved = computed
      .map((tensor) => e.orderOf(tensor))
      .find((order) => order.length === rank && !sameOrder(order, natural));
    const order = mixed || moved === undefined ? natural : moved;
    const inputs = node.inputs.map((tensor) =>
      e.isSource(tensor) || e.rank(tensor) === rank ? e.read(tensor, order) : e.read(tensor),
    );
    e.node(op, node, inputs, order);
  };
}

function pool(op: string, attributes: OnnxAttributes): Emitter {
  return (e, node, a) => {
    const order = channelsSecond(4);
    e.node(op, node, [e.read(first(node), order)], order, {
      kernel_shape: ints(a.ksize),
      strides: ints(a.strides),
      pads: onnxPads(ints(a.pads)),
      ...attributes,
    });
  };
}

/** Axes of the graph as axes of the file, ascending. */
function axesIn(order: AxisOrder, axes: readonly number[]): number[] {
  return axes.map((axis) => order.indexOf(axis)).sort((p, q) => p - q);
}

function reduction(
  write: (e: OnnxExporter, node: Node, x: string, axes: readonly number[], order: AxisOrder, keepdims: number) => void,
): Emitter {
  return (e, node, a) => {
    const x = first(node);
    const order = e.orderOf(x);
    const rank = order.length;
    const given = ints(a.axes).map((axis) => normalizeAxis(axis, rank, node.name));
    const axes = given.length === 0 ? naturalOrder(rank) : [...new Set(given)];
    if (rank === 0) return e.alias(node.outputs[0] as Tensor, e.read(x), order);
    const keep = a.keep_dims === true;
    write(
      e,
      node,
      e.read(x, order),
      axesIn(order, axes),
      keep ? order : withoutAxes(order, new Set(axes)),
      keep ? 1 : 0,
    );
  };
}

/** ONNX counts places in int64, the graph in int32. */
function castPlaces(e: OnnxExporter, name: string, places: string): string {
  return e.step('Cast', name, [places], { to: onnxTypes.int32 });
}

/** The pads of a pad op, [top, bottom, left, right], where the convolution that is its only reader can do them as well. */
function padsForConvolution(e: OnnxExporter, node: Node): readonly number[] | null {
  const [padded] = node.outputs as readonly [Tensor];
  if (node.op.name !== 'pad' || !e.isReadOnce(padded)) return null;
  const [reader] = e.readersOf(padded);
  if (reader?.op.name !== 'conv2d' || reader.inputs[0] !== padded) return null;
  const [before, after, top, bottom, left, right, low, high] = ints(node.attrs.pads);
  const others = [before, after, low, high];
  return others.every((p) => p === 0) ? ([top, bottom, left, right] as number[]) : null;
}

/** One entry for each op that an inference graph may hold. */
export const emitters: Readonly<Record<string, Emitter>> = {
  abs: unary('Abs'),
  add: elementwise('Add'),
  argmax: (e, node, a) => {
    const x = first(node);
    const order = e.orderOf(x);
    const axis = normalizeAxis(a.axis as number, order.length, node.name);
    const places = e.step('ArgMax', `${node.name}/places`, [e.read(x, order)], {
      axis: order.indexOf(axis),
      keepdims: 0,
    });
    e.node('Cast', node, [places], withoutAxes(order, new Set([axis])), { to: onnxTypes.int32 });
  },
  avg_pool2d: pool('AveragePool', { count_include_pad: 0 }),
  batch_norm: (e, node, a) => {
    const order = channelsSecond(e.rank(first(node)));
    const [x, ...statistics] = node.inputs as readonly [Tensor, ...Tensor[]];
    e.node('BatchNormalization', node, [e.read(x, order), ...statistics.map((t) => e.read(t))], order, {
      epsilon: { float: a.epsilon as number },
    });
  },
  bias_add: elementwise('Add'),
  cast: (e, node, a) => {
    const x = first(node);
    e.node('Cast', node, [e.read(x, e.orderOf(x))], e.orderOf(x), { to: onnxTypes[a.dtype as DType] });
  },
  conv2d: (e, node, a) => {
    const order = channelsSecond(4);
    const pad = padsForConvolution(e, first(node).node);
    const pads = ints(a.pads).map((p, i) => p + (pad?.[i] ?? 0));
    const x = pad === null ? first(node) : first(first(node).node);
    const filter = second(node);
    e.node('Conv', node, [e.read(x, order), e.read(filter, filterOrder)], order, {
      kernel_shape: [e.size(filter, 0), e.size(filter, 1)],
      strides: ints(a.strides),
      dilations: ints(a.dilations),
      pads: onnxPads(pads),
    });
  },
  l2_loss: (e, node) => {
    const sum = e.step('ReduceSumSquare', `${node.name}/sum`, [e.read(first(node))], { keepdims: 0 });
    e.node('Mul', node, [sum, e.constant(first(node).dtype, [0.5], [])], []);
  },
  matmul: (e, node) => {
    e.node(
      'MatMul',
      node,
      node.inputs.map((tensor) => e.read(tensor)),
      naturalOrder(e.rank(first(node))),
    );
  },
  max_pool2d: pool('MaxPool', {}),
  mul: elementwise('Mul'),
  pad: (e, node, a) => {
    if (padsForConvolution(e, node) !== null) return;
    const x = first(node);
    const order = e.orderOf(x);
    const pads = ints(a.pads);
    const [before, after] = [0, 1].map((side) =>
      inOrder(
        pads.filter((_, i) => i % 2 === side),
        order,
      ),
    ) as [number[], number[]];
    e.node('Pad', node, [e.read(x, order), e.constant('int64', [...before, ...after])], order);
  },
  reduce_mean: reduction((e, node, x, axes, order, keepdims) =>
    e.node('ReduceMean', node, [x], order, { axes, keepdims }),
  ),
  reduce_sum: reduction((e, node, x, axes, order, keepdims) =>
    e.node('ReduceSum', node, [x, e.constant('int64', axes)], order, { keepdims }),
  ),
  relu: unary('Relu'),
  relu6: unary('Clip', 0, 6),
  reshape: (e, node) => {
    // The graph's own attribute: its -1 and 0 mean the same in ONNX and keep an open batch open.
    const shape = ints(node.attrs.shape);
    e.node('Reshape', node, [e.read(first(node)), e.constant('int64', shape)], naturalOrder(shape.length));
  },
  rsqrt: (e, node) => {
    const x = first(node);
    const root = e.step('Sqrt', `${node.name}/root`, [e.read(x, e.orderOf(x))]);
    e.node('Reciprocal', node, [root], e.orderOf(x));
  },
  softmax: (e, node) => {
    const x = first(node);
    const order = e.orderOf(x);
    e.node('Softmax', node, [e.read(x, order)], order, { axis: order.indexOf(order.length - 1) });
  },
  squeeze: (e, node, a) => {
    const x = first(node);
    const order = e.orderOf(x);
    const axes = new Set(ints(a.axes).map((axis) => normalizeAxis(axis, order.length, node.name)));
    if (axes.size === 0) return e.alias(node.outputs[0] as Tensor, e.read(x, order), order);
    e.node(
      'Squeeze',
      node,
      [e.read(x, order), e.constant('int64', axesIn(order, [...axes]))],
      withoutAxes(order, axes),
    );
  },
  sub: elementwise('Sub'),
  top_k: (e, node, a) => {
    const x = first(node);
    const order = e.orderOf(x);
    const [values, indices] = node.outputs as readonly [Tensor, Tensor];
    const found = e.steps(
      'TopK',
      node.name,
      [e.read(x, order), e.constant('int64', [a.k as number])],
      [values.name, `${node.name}/places`],
      { axis: order.indexOf(order.length - 1) },
    );
    e.alias(values, found[0] as string, order);
    e.alias(indices, castPlaces(e, indices.name, found[1] as string), order);
  },
};

/** Ops that only training has, and why they are not exported. */
export const refused: Readonly<Record<string, string>> = {
  assign_debiased_moving_average: 'it changes a variable',
  assign_moving_average: 'it changes a variable',
  batch_norm_training: 'it takes the statistics of the batch',
  dropout: 'it draws a new mask at each run',
};
