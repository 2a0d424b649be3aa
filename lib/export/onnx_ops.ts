import type { DType } from '../core/dtype.js';
import type { Node, Tensor } from '../core/graph.js';
import { normalizeAxis } from '../core/shape.js';
import { type AxisOrder, channelsSecond, naturalOrder, sameOrder, withoutAxes } from './axes.js';
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
    const { name, order } = e.stored(x);
    e.node(op, node, [name, ...more], order);
  };
}

/** Ops that give back what they get. */
const same: Emitter = (e, node) => {
  e.alias(node.outputs[0] as Tensor, e.stored(first(node)));
};

/** Inputs that are aligned from the right and stretched where they are 1, and the order in which they meet. */
function aligned(e: OnnxExporter, node: Node): { readonly inputs: readonly string[]; readonly order: AxisOrder } {
  const rank = e.rank(node.outputs[0] as Tensor);
  const computed = node.inputs.filter((tensor) => !e.isSource(tensor));
  // Axes are aligned as the graph has them: with ranks that differ this holds in the graph's own order alone.
  const mixed = computed.some((tensor) => e.rank(tensor) > 0 && e.rank(tensor) < rank);
  const natural = naturalOrder(rank);
  const moved = computed
    .map((tensor) => e.stored(tensor).order)
    .find((order) => order.length === rank && !sameOrder(order, natural));
  const order = mixed || moved === undefined ? natural : moved;
  const inputs = node.inputs.map((tensor) =>
    e.isSource(tensor) || e.rank(tensor) === rank ? e.read(tensor, order) : e.read(tensor),
  );
  return { inputs, order };
}

function elementwise(op: string): Emitter {
  return (e, node) => {
    const { inputs, order } = aligned(e, node);
    e.node(op, node, inputs, order);
  };
}

/** Ops over the last axis. */
function overLastAxis(op: string): Emitter {
  return (e, node) => {
    const { name, order } = e.stored(first(node));
    e.node(op, node, [name], order, { axis: order.indexOf(order.length - 1) });
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
    const { name, order } = e.stored(first(node));
    const rank = order.length;
    const given = ints(a.axes).map((axis) => normalizeAxis(axis, rank, node.name));
    const axes = given.length === 0 ? naturalOrder(rank) : [...new Set(given)];
    if (rank === 0) return same(e, node, a);
    const keep = a.keep_dims === true;
    write(e, node, name, axesIn(order, axes), keep ? order : withoutAxes(order, new Set(axes)), keep ? 1 : 0);
  };
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
  // ONNX counts places in int64, the graph in int32.
  argmax: (e, node, a) => {
    const { name, order } = e.stored(first(node));
    const axis = normalizeAxis(a.axis as number, order.length, node.name);
    const places = e.step('ArgMax', `${node.name}/places`, [name], { axis: order.indexOf(axis), keepdims: 0 });
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
    const { name, order } = e.stored(first(node));
    e.node('Cast', node, [name], order, { to: onnxTypes[a.dtype as DType] });
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
  div: elementwise('Div'),
  div_no_nan: (e, node) => {
    const { inputs, order } = aligned(e, node);
    const zero = e.constant(first(node).dtype, [0], []);
    const isZero = e.step('Equal', `${node.name}/zero`, [inputs[1] as string, zero]);
    e.node('Where', node, [isZero, zero, e.step('Div', `${node.name}/quotient`, inputs)], order);
  },
  elu: unary('Elu'),
  equal: elementwise('Equal'),
  exp: unary('Exp'),
  l2_loss: (e, node) => {
    const sum = e.step('ReduceSumSquare', `${node.name}/sum`, [e.stored(first(node)).name], { keepdims: 0 });
    e.node('Mul', node, [sum, e.constant(first(node).dtype, [0.5], [])], []);
  },
  log: unary('Log'),
  log_softmax: overLastAxis('LogSoftmax'),
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
  not_equal: (e, node) => {
    const { inputs, order } = aligned(e, node);
    e.node('Not', node, [e.step('Equal', `${node.name}/equal`, inputs)], order);
  },
  one_hot: (e, node, a) => {
    // ONNX's OneHot counts negative indices from the end; here they are outside.
    const indices = first(node);
    const rank = e.rank(indices);
    const depth = naturalOrder(a.depth as number);
    const column = e.step('Unsqueeze', `${node.name}/column`, [e.read(indices), e.constant('int64', [rank])]);
    const hit = e.step('Equal', `${node.name}/hit`, [column, e.constant(indices.dtype, depth)]);
    const values = [a.on_value, a.off_value].map((value) => e.constant('float32', [value as number], []));
    e.node('Where', node, [hit, ...values], naturalOrder(rank + 1));
  },
  pad: (e, node, a) => {
    if (padsForConvolution(e, node) !== null) return;
    const { name, order } = e.stored(first(node));
    const pads = ints(a.pads);
    const [before, after] = [order.map((axis) => pads[2 * axis]), order.map((axis) => pads[2 * axis + 1])];
    e.node('Pad', node, [name, e.constant('int64', [...before, ...after] as number[])], order);
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
    const { name, order } = e.stored(first(node));
    e.node('Reciprocal', node, [e.step('Sqrt', `${node.name}/root`, [name])], order);
  },
  scale_gradient: same,
  select: elementwise('Where'),
  sigmoid: unary('Sigmoid'),
  size: (e, node) => e.node('Size', node, [e.stored(first(node)).name], []),
  softmax: overLastAxis('Softmax'),
  squeeze: (e, node, a) => {
    const { name, order } = e.stored(first(node));
    const axes = new Set(ints(a.axes).map((axis) => normalizeAxis(axis, order.length, node.name)));
    if (axes.size === 0) return same(e, node, a);
    e.node('Squeeze', node, [name, e.constant('int64', axesIn(order, [...axes]))], withoutAxes(order, axes));
  },
  stop_gradient: same,
  sub: elementwise('Sub'),
  top_k: (e, node, a) => {
    const { name, order } = e.stored(first(node));
    const [values, indices] = node.outputs as readonly [Tensor, Tensor];
    const results = [values.name, `${node.name}/places`];
    const [found, places] = e.steps('TopK', node.name, [name, e.constant('int64', [a.k as number])], results, {
      axis: order.indexOf(order.length - 1),
    }) as [string, string];
    e.alias(values, { name: found, order });
    e.alias(indices, { name: e.step('Cast', indices.name, [places], { to: onnxTypes.int32 }), order });
  },
  transpose: (e, node, a) => {
    // Nothing moves before somebody reads it in an order that the file does not have.
    const { name, order } = e.stored(first(node));
    const perm = ints(a.perm);
    e.alias(node.outputs[0] as Tensor, { name, order: order.map((axis) => perm.indexOf(axis)) });
  },
};

/** Ops that are not exported, and why. */
export const refused: Readonly<Record<string, string>> = {
  apply_adadelta: 'it changes a variable',
  apply_adagrad: 'it changes a variable',
  apply_adam: 'it changes a variable',
  apply_adam_w: 'it changes a variable',
  apply_centered_rms_prop: 'it changes a variable',
  apply_ftrl: 'it changes a variable',
  apply_gradient_descent: 'it changes a variable',
  apply_lars: 'it changes a variable',
  apply_momentum: 'it changes a variable',
  apply_rms_prop: 'it changes a variable',
  assign: 'it changes a variable',
  assign_add: 'it changes a variable',
  assign_debiased_moving_average: 'it changes a variable',
  assign_moving_average: 'it changes a variable',
  avg_pool2d_backward: 'it belongs to gradients',
  batch_norm_training: 'it takes the statistics of the batch',
  batch_norm_training_backward: 'it belongs to gradients',
  broadcast_to: 'it belongs to gradients',
  check_numerics: 'it belongs to training',
  confusion_matrix: 'it belongs to metrics',
  conv2d_backward_data: 'it belongs to gradients',
  conv2d_backward_filter: 'it belongs to gradients',
  cos: 'it belongs to training',
  crop: 'it belongs to gradients',
  dropout: 'it draws a new mask at each run',
  floor: 'it belongs to training',
  in_top_k: 'it belongs to metrics',
  less: 'it belongs to training',
  log1p: 'it belongs to losses',
  max_pool2d_backward: 'it belongs to gradients',
  maximum: 'it belongs to training',
  minimum: 'it belongs to training',
  pick: 'it belongs to losses',
  pow: 'it belongs to training',
  relu_backward: 'it belongs to gradients',
  sqrt: 'it belongs to training',
  sum_to: 'it belongs to gradients',
};
