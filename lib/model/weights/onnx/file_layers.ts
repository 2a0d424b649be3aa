/** The graph of an ONNX file as layers. */
import type { OnnxGraph, OnnxNode, TensorInfo } from '../../../checkpoint/index.js';
import {
  addition,
  average,
  convolutionText,
  type Layer,
  type LayerTable,
  type Norm,
  normText,
  poolingText,
  softmaxLayer,
  type Window,
  wholeMap,
} from './layers.js';

/** A tensor of the file as a parameter. */
export interface StoredParameter {
  readonly tensor: string;
  /** The shape in which its values are seen: that of the file, but for a fully connected layer behind a map. */
  readonly shape: readonly number[];
  /** For each dimension of the parameter the dimension of that shape; undefined: as stored. */
  readonly order?: readonly number[];
}

type FileLayer = Layer<StoredParameter>;
type Axis = 'n' | 'c' | 'h' | 'w';

/** What an edge of the graph carries: a map or rows of a layer's, with its axes in some order; several letters are one flattened axis. */
interface Value {
  readonly layer: FileLayer;
  readonly axes: readonly string[];
  readonly sizes: Readonly<Record<'c' | 'h' | 'w', number>>;
  /** Zeros around it that the next window takes: top, left, bottom, right. */
  readonly pads?: readonly [number, number, number, number];
}

/** What is behind a node that cannot be understood: nothing of its sizes is known. */
const unknownSizes = { c: 0, h: 0, w: 0 };
const nchw: readonly Axis[] = ['n', 'c', 'h', 'w'];
const rows = ['n', 'c'];

const sameAxes = (a: readonly string[], b: readonly string[]) => a.join() === b.join();

/** Layers of each output; those of a file whose sizes are open are for images of `imageSize` pixels a side. */
export function fileLayers(
  graph: OnnxGraph,
  tensors: ReadonlyMap<string, TensorInfo>,
  imageSize: number,
  table: LayerTable,
): FileLayer[] {
  const builder = new Builder(graph, tensors, table);
  for (const { name, shape } of graph.inputs) builder.input(name, shape, imageSize);
  for (const node of graph.nodes) builder.node(node);
  return graph.outputs.flatMap(({ name }) => builder.result(name));
}

/** Pixels a side of the images, where the file says it; null where that is open. @throws never */
export function imageSizeOf({ inputs }: OnnxGraph): readonly [number | null, number | null] {
  const shape = inputs[0]?.shape ?? null;
  if (shape?.length !== 4) return [null, null];
  return isChannelsLast(shape) ? [shape[1] ?? null, shape[2] ?? null] : [shape[2] ?? null, shape[3] ?? null];
}

function isChannelsLast(shape: readonly (number | null)[]): boolean {
  return shape[3] === 3 && shape[1] !== 3;
}

type Handler = (b: Builder, node: OnnxNode, x: Value) => Value | null;

class Builder {
  readonly #graph: OnnxGraph;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, StoredParameter>();
  readonly table: LayerTable;

  constructor(graph: OnnxGraph, tensors: ReadonlyMap<string, TensorInfo>, table: LayerTable) {
    this.#graph = graph;
    this.#tensors = tensors;
    this.table = table;
  }

  input(name: string, shape: readonly (number | null)[] | null, imageSize: number): void {
    const size = shape?.length === 4 ? imageSizeOf({ ...this.#graph, inputs: [{ name, shape }] }) : [null, null];
    const [h, w] = [size[0] ?? imageSize, size[1] ?? imageSize];
    const isLast = shape !== null && isChannelsLast(shape);
    const c = (isLast ? shape?.[3] : shape?.[1]) ?? 3;
    const layer = this.table.layer<StoredParameter>(`images of ${h}x${w} pixels and ${c} channels`, [], name);
    this.#values.set(name, { layer, axes: isLast ? ['n', 'h', 'w', 'c'] : nchw, sizes: { c, h, w } });
  }

  result(name: string): FileLayer[] {
    const value = this.#values.get(name);
    return value === undefined ? [] : [this.padded(value).layer];
  }

  node(node: OnnxNode): void {
    const [output = ''] = node.outputs;
    const [first = ''] = node.inputs;
    const constant = this.constant(first);
    if (constant !== null && this.#constantNode(node, constant, output)) return;
    const inputs = node.inputs.flatMap((name) => this.#values.get(name) ?? []);
    const [only = null] = inputs;
    const handler = Object.hasOwn(handlers, node.op) ? handlers[node.op] : undefined;
    const result = only === null || handler === undefined ? null : handler(this, node, only);
    if (result !== null) this.#values.set(output, result);
    else if (only !== null) {
      const layer = this.table.layer(
        `the op ${node.op}${reasonFor(node.op)}`,
        inputs.map((x) => this.padded(x).layer),
        node.name || output,
      );
      for (const name of node.outputs) this.#values.set(name, { layer, axes: [], sizes: unknownSizes });
    }
  }

  /** A parameter that comes out of another one. */
  #constantNode({ op, attributes }: OnnxNode, { order, ...from }: StoredParameter, output: string): boolean {
    if (op === 'Identity' || op === 'Cast') this.#constants.set(output, { ...from, ...(order ? { order } : {}) });
    else if (op === 'Transpose') {
      const before = order ?? from.shape.map((_, i) => i);
      const perm = attributes.get('perm')?.ints ?? before.map((_, i) => before.length - 1 - i);
      if (perm.length !== before.length || perm.some((axis) => before[axis] === undefined)) return false;
      this.#constants.set(output, { ...from, order: perm.map((axis) => before[axis] as number) });
    } else return false;
    return true;
  }

  /** The parameter of a name; null where it is none. */
  constant(name: string | undefined): StoredParameter | null {
    if (name === undefined) return null;
    const info = this.#tensors.get(name);
    if (info !== undefined) return { tensor: name, shape: info.shape };
    return this.#constants.get(name) ?? null;
  }

  /** A parameter with one value for each channel, whatever ones stand around. */
  channels(name: string | undefined, depth: number): StoredParameter | null {
    const found = this.constant(name);
    const isVector = found?.shape.every((size) => size === 1 || size === depth) === true;
    const count = found?.shape.reduce((product, size) => product * size, 1);
    return isVector && count === depth ? { tensor: found?.tensor as string, shape: [depth] } : null;
  }

  /** Numbers that the file has for shapes, axes and the like; null where they are computed. */
  numbers(name: string | undefined): readonly number[] | null {
    const tensor = this.constant(name)?.tensor;
    return (tensor === undefined ? undefined : this.#graph.small.get(tensor)) ?? null;
  }

  value(name: string | undefined): Value | undefined {
    return name === undefined ? undefined : this.#values.get(name);
  }

  /** A value with its zeros as a layer of their own. */
  padded({ pads, ...value }: Value): Value {
    if (pads === undefined) return value;
    const [top, left, bottom, right] = pads;
    const { c, h, w } = value.sizes;
    return {
      ...value,
      layer: this.table.layer(`zeros around a map: ${pads.join(', ')}`, [value.layer], value.layer.where),
      sizes: { c, h: h + top + bottom, w: w + left + right },
    };
  }

  get opset(): number {
    return this.#graph.opset;
  }
}

/** A layer of the value's own shape. */
function unary(text: string, isNonNegative = false): Handler {
  return (b, node, x) => {
    const value = b.padded(x);
    const sign = isNonNegative ? { isNonNegative } : {};
    return { ...value, layer: b.table.layer(text, [value.layer], node.name || (node.outputs[0] ?? ''), sign) };
  };
}

const same: Handler = (_, __, x) => x;

const pair = (list: readonly number[] | undefined, usual: number): readonly [number, number] | null => {
  if (list === undefined) return [usual, usual];
  return list.length === 2 && list.every((n) => Number.isSafeInteger(n)) ? (list as [number, number]) : null;
};

/** The window of a node above a map; null where it makes no sense. */
function windowOf({ attributes }: OnnxNode, x: Value, kernel: readonly [number, number]): Window | null {
  const [strides, dilations] = [pair(attributes.get('strides')?.ints, 1), pair(attributes.get('dilations')?.ints, 1)];
  if (strides === null || dilations === null || [...strides, ...dilations, ...kernel].some((n) => n < 1)) return null;
  const sizes = [x.sizes.h, x.sizes.w] as const;
  const auto = attributes.get('auto_pad')?.text ?? 'NOTSET';
  const given = attributes.get('pads')?.ints ?? [0, 0, 0, 0];
  const around = x.pads ?? [0, 0, 0, 0];
  const before: number[] = [];
  const size: number[] = [];
  for (const axis of [0, 1] as const) {
    const [reach, stride, of] = [
      ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1,
      strides[axis] as number,
      (sizes[axis] as number) + (around[axis] as number) + (around[axis + 2] as number),
    ];
    let [low, high] = [given[axis] ?? 0, given[axis + 2] ?? 0];
    if (auto.startsWith('SAME')) {
      const total = Math.max(0, (Math.ceil(of / stride) - 1) * stride + reach - of);
      low = auto === 'SAME_LOWER' ? Math.ceil(total / 2) : Math.floor(total / 2);
      high = total - low;
    } else if (auto === 'VALID') [low, high] = [0, 0];
    const room = of + low + high - reach;
    if (room < 0) return null;
    let count = Math.floor(room / stride) + 1;
    // The last window may begin in the padding behind, but not beyond it.
    if (attributes.get('ceil_mode')?.int === 1 && room % stride !== 0 && count * stride < of + low) count++;
    before.push(low + (around[axis] as number));
    size.push(count);
  }
  return {
    ...{ kernel, strides, dilations: dilations },
    before: before as [number, number],
    size: size as [number, number],
  };
}

function behind(layer: FileLayer, { size: [h, w] }: Window, c: number): Value {
  return { layer, axes: nchw, sizes: { c, h, w } };
}

const convolution: Handler = (b, node, x) => {
  const weights = b.constant(node.inputs[1]);
  const [depth, depthIn, ...kernel] = weights?.shape ?? [];
  if (weights === null || weights.order !== undefined || kernel.length !== 2 || !sameAxes(x.axes, nchw)) return null;
  const groups = node.attributes.get('group')?.int ?? 1;
  const window = windowOf(node, x, kernel as [number, number]);
  if (window === null || depth === undefined || depthIn === undefined) return null;
  if (depthIn * groups !== x.sizes.c) return null;
  const biases = node.inputs[2] ? b.channels(node.inputs[2], depth) : undefined;
  if (biases === null) return null;
  const layer = b.table.layer(convolutionText(window, x.sizes.c, depth, groups), [x.layer], node.name, {
    ...{ weights: { ...weights, order: [2, 3, 1, 0] }, depth },
    ...(biases === undefined ? {} : { biases }),
  });
  return behind(layer, window, depth);
};

/** Zeros around something that is not negative do not change a maximum. */
function pooled(kind: 'maximum' | 'average'): Handler {
  return (b, node, given) => {
    const x = kind === 'maximum' && given.layer.isNonNegative ? given : b.padded(given);
    const kernel = pair(node.attributes.get('kernel_shape')?.ints, 1);
    if (kernel === null || !sameAxes(x.axes, nchw)) return null;
    const window = windowOf(node, x, kernel);
    if (window === null) return null;
    const { c, h, w } = x.sizes;
    if (kernel.every((k) => k === 1) && window.strides.every((s) => s === 1) && window.before.every((p) => p === 0))
      return x;
    const isOfAll = kernel[0] === h && kernel[1] === w && window.before.every((p) => p === 0);
    if (kind === 'average' && isOfAll && window.size.every((s) => s === 1)) return averaged(b, node, x, nchw);
    const { isNonNegative } = x.layer;
    const text = `${poolingText(kind, window)}${kind === 'average' && countsPadding(node, x, window) ? ', which count as zeros' : ''}`;
    return behind(b.table.layer(text, [x.layer], node.name, { isNonNegative }), window, c);
  };
}

/** Whether averages are taken over pixels that are not there, too: those of networks here are not. */
function countsPadding(
  { attributes }: OnnxNode,
  { sizes }: Value,
  { kernel, strides, dilations, before, size }: Window,
): boolean {
  if (attributes.get('count_include_pad')?.int !== 1) return false;
  return ([0, 1] as const).some((axis) => {
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const end = (size[axis] - 1) * strides[axis] + reach - before[axis];
    return before[axis] > 0 || end > (axis === 0 ? sizes.h : sizes.w);
  });
}

function averaged(b: Builder, node: OnnxNode, x: Value, axes: readonly string[]): Value {
  const { c, h, w } = x.sizes;
  const sizes = { c, h: 1, w: 1 };
  if (h === 1 && w === 1) return { ...x, axes, sizes };
  return { layer: b.table.layer(average, [x.layer], node.name), axes, sizes };
}

const reduceMean: Handler = (b, node, given) => {
  const x = b.padded(given);
  const axes = node.attributes.get('axes')?.ints ?? b.numbers(node.inputs[1]);
  if (axes === null || axes === undefined) return null;
  const over = axes.map((axis) => x.axes.at(axis));
  if (over.length !== 2 || !over.includes('h') || !over.includes('w')) return null;
  const keeps = (node.attributes.get('keepdims')?.int ?? 1) !== 0;
  return averaged(b, node, x, keeps ? x.axes : x.axes.filter((axis) => axis !== 'h' && axis !== 'w'));
};

const batchNorm: Handler = (b, node, given) => {
  const x = b.padded(given);
  const { c } = x.sizes;
  if (x.axes[1] !== 'c' || (node.attributes.get('training_mode')?.int ?? 0) !== 0) return null;
  if (b.opset < 9 && node.attributes.get('spatial')?.int === 0) return null;
  const [scale, offset, mean, variance] = node.inputs.slice(1, 5).map((name) => b.channels(name, c));
  if (!scale || !offset || !mean || !variance) return null;
  const norm = { scale, offset, mean, variance, epsilon: node.attributes.get('epsilon')?.float ?? Math.fround(1e-5) };
  return normalized(b, node, x, norm);
};

/** With a batch normalization behind it, which a convolution takes in. */
function normalized(b: Builder, node: OnnxNode, x: Value, norm: Norm<StoredParameter>): Value {
  const { layer, sizes } = x;
  if (layer.weights !== undefined && layer.norm === undefined) return { ...x, layer: { ...layer, norm } };
  return { ...x, layer: b.table.layer(normText(sizes.c), [layer], node.name, { norm }) };
}

/** The parameter of a name that is added to a value, or multiplies it, channel by channel; null where that is not what it does. */
function acrossChannels(b: Builder, name: string | undefined, { axes, sizes }: Value): StoredParameter | null {
  const shape = b.constant(name)?.shape ?? [];
  // Aligned from the right, as in broadcasting: the channels have to meet the channels.
  const place = shape.length - 1 - shape.findLastIndex((size) => size !== 1);
  const meets = axes[axes.length - 1 - place] === 'c' || (sizes.c === 1 && shape.length <= axes.length);
  return meets ? b.channels(name, sizes.c) : null;
}

/** Scales: the beginning of a batch normalization of which an exporter has kept what it comes to (tf2onnx, of Keras). */
const multiply: Handler = (b, node) => {
  const [p, q] = node.inputs.map((name) => b.value(name));
  const given = p ?? q;
  if (given === undefined || (p !== undefined && q !== undefined)) return null;
  const x = b.padded(given);
  const scale = acrossChannels(b, node.inputs[p === undefined ? 0 : 1], x);
  return scale === null
    ? null
    : normalized(b, node, x, { scale, offset: null, mean: null, variance: null, epsilon: 0 });
};

const add: Handler = (b, node) => {
  const [p, q] = node.inputs.map((name) => b.value(name));
  if (p !== undefined && q !== undefined) {
    const [x, y] = [b.padded(p), b.padded(q)];
    if (!sameAxes(x.axes, y.axes) || x.axes.length === 0) return null;
    if (x.sizes.c !== y.sizes.c || x.sizes.h !== y.sizes.h || x.sizes.w !== y.sizes.w) return null;
    return { ...x, layer: b.table.layer(addition, [x.layer, y.layer], node.name) };
  }
  const x = p ?? q;
  if (x === undefined || x.pads !== undefined) return null;
  const { layer } = x;
  const added = acrossChannels(b, node.inputs[p === undefined ? 0 : 1], x);
  if (added === null) return null;
  // Behind scales these are what the normalization adds.
  if (layer.norm?.offset === null) return { ...x, layer: { ...layer, norm: { ...layer.norm, offset: added } } };
  if (layer.weights === undefined || layer.biases !== undefined || layer.norm !== undefined) return null;
  return { ...x, layer: { ...layer, biases: added } };
};

/** Behind this all axes but the first are one. */
function flattened(x: Value): Value {
  return { ...x, axes: ['n', x.axes.slice(1).join('')] };
}

const flatten: Handler = (b, node, given) => {
  const x = b.padded(given);
  if (x.axes[0] !== 'n' || (node.attributes.get('axis')?.int ?? 1) !== 1) return null;
  return flattened(x);
};

const reshape: Handler = (b, node, given) => {
  const x = b.padded(given);
  if (x.axes[0] !== 'n') return null;
  const shape = node.attributes.get('shape')?.ints ?? b.numbers(node.inputs[1]);
  const { c, h, w } = x.sizes;
  // A shape that is computed is that of rows where a product reads it, which counts its inputs.
  if (shape === null || shape === undefined) return flattened(x);
  const [, ...rest] = shape;
  if (rest.length === 1 && (rest[0] === c * h * w || (rest[0] === -1 && (shape[0] ?? -1) >= 0))) return flattened(x);
  if (h === 1 && w === 1 && rest.length === 3 && rest.filter((d) => d === c || d === -1).length === 1) {
    const at = rest.findIndex((d) => d === c || d === -1);
    return { ...x, axes: at === 0 ? nchw : ['n', 'h', 'w', 'c'] };
  }
  return null;
};

const squeeze: Handler = (b, node, given) => {
  const x = b.padded(given);
  const axes = node.attributes.get('axes')?.ints ?? b.numbers(node.inputs[1]);
  if (axes === null || axes === undefined) return null;
  const gone = axes.map((axis) => x.axes.at(axis));
  const isOne = gone.every((axis) => (axis === 'h' && x.sizes.h === 1) || (axis === 'w' && x.sizes.w === 1));
  return isOne ? { ...x, axes: x.axes.filter((axis) => !gone.includes(axis)) } : null;
};

const transpose: Handler = (b, node, given) => {
  const x = b.padded(given);
  const perm = node.attributes.get('perm')?.ints ?? [];
  if (perm.length !== x.axes.length || perm.some((axis) => x.axes[axis] === undefined)) return null;
  return { ...x, axes: perm.map((axis) => x.axes[axis] as string) };
};

const pad: Handler = (b, node, x) => {
  const mode = node.attributes.get('mode')?.text ?? 'constant';
  const pads = node.attributes.get('pads')?.ints ?? b.numbers(node.inputs[1]);
  const value = node.inputs[2] ? b.numbers(node.inputs[2])?.[0] : (node.attributes.get('value')?.float ?? 0);
  const rank = x.axes.length;
  if (mode !== 'constant' || pads?.length !== 2 * rank || value !== 0 || rank !== 4 || node.inputs[3]) return null;
  const of = (axis: Axis, end: 0 | 1) => pads[x.axes.indexOf(axis) + end * rank] as number;
  if ([of('n', 0), of('n', 1), of('c', 0), of('c', 1)].some((p) => p !== 0) || pads.some((p) => !(p >= 0))) return null;
  const [top, left, bottom, right] = x.pads ?? [0, 0, 0, 0];
  return { ...x, pads: [top + of('h', 0), left + of('w', 0), bottom + of('h', 1), right + of('w', 1)] };
};

/** A product with a matrix: a convolution over the whole map. */
function dense(b: Builder, node: OnnxNode, x: Value, isTransposed: boolean, biases: string | undefined): Value | null {
  const [n, flat = ''] = x.axes;
  const matrix = b.constant(node.inputs[1]);
  if (n !== 'n' || x.axes.length !== 2 || matrix?.shape.length !== 2) return null;
  const [outer, inner] = matrix.order ?? [0, 1];
  const [out, into] = isTransposed ? [outer as number, inner as number] : [inner as number, outer as number];
  const { c, h, w } = x.sizes;
  const depth = matrix.shape[out] as number;
  if (matrix.shape[into] !== c * h * w) return null;
  // The flattened axis once more as the axes that it is made of; those of one pixel may be missing.
  const letters = [...flat] as ('c' | 'h' | 'w')[];
  for (const axis of ['h', 'w'] as const) if (!letters.includes(axis)) letters.push(axis);
  const inside = letters.map((axis) => x.sizes[axis]);
  const shape = into === 1 ? [depth, ...inside] : [...inside, depth];
  const at = (axis: 'c' | 'h' | 'w') => letters.indexOf(axis) + (into === 1 ? 1 : 0);
  const weights = { tensor: matrix.tensor, shape, order: [at('h'), at('w'), at('c'), into === 1 ? 0 : 3] };
  const added = biases ? b.channels(biases, depth) : undefined;
  if (added === null) return null;
  const layer = b.table.layer(convolutionText(wholeMap(h, w), c, depth), [x.layer], node.name, {
    ...{ weights, depth },
    ...(added === undefined ? {} : { biases: added }),
  });
  return { layer, axes: rows, sizes: { c: depth, h: 1, w: 1 } };
}

const gemm: Handler = (b, node, x) => {
  const { attributes, inputs } = node;
  const [alpha, beta] = ['alpha', 'beta'].map((name) => attributes.get(name)?.float ?? 1);
  if (alpha !== 1 || beta !== 1 || (attributes.get('transA')?.int ?? 0) !== 0 || x.pads !== undefined) return null;
  return dense(b, node, x, (attributes.get('transB')?.int ?? 0) !== 0, inputs[2]);
};

const clip: Handler = (b, node, x) => {
  const bound = (name: string, i: number) =>
    node.attributes.get(name)?.float ?? (node.inputs[i] ? (b.numbers(node.inputs[i])?.[0] ?? Number.NaN) : undefined);
  const [low, high = Number.POSITIVE_INFINITY] = [bound('min', 1), bound('max', 2)];
  if (low !== 0 || !(high > 0)) return null;
  return unary(high >= 3.4e38 ? 'a relu' : `a relu that ends at ${high}`, true)(b, node, x);
};

const cast: Handler = (_, node, x) => {
  const to = node.attributes.get('to')?.int ?? 0;
  return [1, 10, 11, 16].includes(to) ? x : null;
};

const dropout: Handler = (b, node, x) => (node.inputs[2] && b.numbers(node.inputs[2])?.[0] !== 0 ? null : x);

/** What is understood of ONNX; all else stays an op by its name, which no network here has. */
const handlers: Readonly<Record<string, Handler>> = {
  Add: add,
  AveragePool: pooled('average'),
  BatchNormalization: batchNorm,
  Cast: cast,
  Clip: clip,
  Conv: convolution,
  Dropout: dropout,
  Flatten: flatten,
  Gemm: gemm,
  GlobalAveragePool: (b, node, x) => (sameAxes(x.axes, nchw) ? averaged(b, node, b.padded(x), nchw) : null),
  Identity: same,
  LogSoftmax: unary(softmaxLayer),
  MatMul: (b, node, x) => (x.pads === undefined ? dense(b, node, x, false, undefined) : null),
  MaxPool: pooled('maximum'),
  Mul: multiply,
  Pad: pad,
  ReduceMean: reduceMean,
  Relu: unary('a relu', true),
  Reshape: reshape,
  Softmax: unary(softmaxLayer),
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: (b, node, x) => {
    const axes = node.attributes.get('axes')?.ints ?? b.numbers(node.inputs[1]);
    return x.axes.length === 2 && x.axes[1] === 'c' && axes?.join() === '2,3' ? { ...x, axes: nchw } : null;
  },
};

/** Why some ops are no part of a network here. */
function reasonFor(op: string): string {
  if (/Quantize|^QLinear|Integer$/.test(op)) return ' (it is quantized: take the file from before that)';
  if (op === 'If' || op === 'Loop' || op === 'Scan') return ' (it computes one thing or another)';
  return op.includes('.') ? ' (it is none of ONNX itself)' : '';
}
