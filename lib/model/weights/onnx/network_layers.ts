/** The graph of a network here as layers; parameters are variables by name, null where they are constants. */
import type { Node, Tensor } from '../../../core/graph.js';
import type { ConcreteType } from '../../../core/shape.js';
import { concreteTypes, described, reachable } from '../../../core/traversal.js';
import {
  addition,
  average,
  convolutionText,
  type Layer,
  type LayerTable,
  normText,
  poolingText,
  softmaxLayer,
  type Window,
  wholeMap,
} from './layers.js';

export type VariableName = string | null;

type NetworkLayer = Layer<VariableName>;

type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** A tensor of the graph: whose it is, and zeros around it that the next window takes. */
interface Value {
  readonly layer: NetworkLayer;
  /** Height, width and channels of the map; those that are flattened into rows. */
  readonly map: readonly [number, number, number];
  readonly pads?: Pads;
}

interface Context {
  readonly table: LayerTable;
  readonly node: Node;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly shapes: readonly (readonly number[])[];
  readonly output: readonly number[];
  readonly values: readonly (Value | undefined)[];
}

type Handler = (c: Context, x: Value) => Value | null;

/** The layers of a tensor, for images of `height` x `width` pixels. */
export function networkLayers(
  root: Tensor,
  [height, width]: readonly [number, number],
  table: LayerTable,
): NetworkLayer {
  const { graph } = root;
  const nodes = described(graph, reachable(graph, [root]));
  const placeholders = nodes.filter(({ op }) => op.name === 'input');
  const types = concreteTypes(
    nodes,
    new Map(placeholders.map((node) => [node.attrs.name as string, [1, height, width, 3]])),
  );
  const shapeOf = (tensor: Tensor) => (types.get(tensor) as ConcreteType).shape;
  const values = new Map<Tensor, Value>();
  for (const node of nodes) {
    const [tensor] = node.outputs;
    if (tensor === undefined) continue;
    const output = shapeOf(tensor);
    if (node.op.name === 'input') {
      const map = output.slice(1) as [number, number, number];
      const layer = table.layer<VariableName>(
        `images of ${height}x${width} pixels and ${map[2]} channels`,
        [],
        node.name,
      );
      values.set(tensor, { layer, map });
      continue;
    }
    const inputs = node.inputs.map((input) => values.get(input));
    const x = inputs.find((value) => value !== undefined);
    if (x === undefined) continue;
    const attrs = node.op.resolve(
      node.inputs.map((input) => types.get(input) as ConcreteType),
      node.attrs,
    );
    const shapes = node.inputs.map(shapeOf);
    const context = { table, node, attrs, shapes, output, values: inputs };
    const handler = Object.hasOwn(handlers, node.op.name) ? handlers[node.op.name] : undefined;
    values.set(tensor, handler?.(context, x) ?? other(context));
  }
  return plain(values.get(root) as Value, table).layer;
}

/** What no ONNX file of a network is expected to have is compared by its name. */
function other({ table, node, output, values }: Context): Value {
  const inputs = values.flatMap((value) => (value === undefined ? [] : [plain(value, table).layer]));
  const layer = table.layer<VariableName>(`${node.op.name} as it is computed here`, inputs, node.name);
  return { layer, map: mapOf(output) };
}

function mapOf(shape: readonly number[]): Value['map'] {
  return [
    shape.length === 4 ? (shape[1] as number) : 1,
    shape.length === 4 ? (shape[2] as number) : 1,
    shape.at(-1) ?? 1,
  ];
}

/** A value with its zeros as a layer of their own. */
function plain({ pads, ...value }: Value, table: LayerTable): Value {
  if (pads === undefined) return value;
  const [top, left, bottom, right] = pads;
  const [h, w, c] = value.map;
  return {
    layer: table.layer(`zeros around a map: ${pads.join(', ')}`, [value.layer], value.layer.where),
    map: [h + top + bottom, w + left + right, c],
  };
}

function variableOf(tensor: Tensor | undefined): VariableName {
  return tensor?.node.variable?.name ?? null;
}

function windowOf({ attrs, output }: Context, x: Value, kernel: readonly [number, number]): Window {
  const [top = 0, , left = 0] = attrs.pads as readonly number[];
  return {
    kernel,
    strides: attrs.strides as Window['strides'],
    dilations: (attrs.dilations as Window['dilations'] | undefined) ?? [1, 1],
    before: [top + (x.pads?.[0] ?? 0), left + (x.pads?.[1] ?? 0)],
    size: [output[1] as number, output[2] as number],
  };
}

function unary(text: string, isNonNegative = false): Handler {
  return ({ table, node }, x) => {
    const { layer, map } = plain(x, table);
    return { map, layer: table.layer(text, [layer], node.name, { isNonNegative }) };
  };
}

const convolution: Handler = (c, x) => {
  const [height, width, depthIn, depth] = c.shapes[1] as [number, number, number, number];
  const weights = variableOf(c.node.inputs[1]);
  if (weights === null) return null;
  const text = convolutionText(windowOf(c, x, [height, width]), depthIn, depth);
  return { map: mapOf(c.output), layer: c.table.layer(text, [x.layer], c.node.name, { weights, depth }) };
};

const product: Handler = (c, x) => {
  const weights = variableOf(c.node.inputs[1]);
  const [h, w, channels] = x.map;
  const [into, depth] = c.shapes[1] as [number, number];
  if (weights === null || into !== h * w * channels || x.pads !== undefined) return null;
  const text = convolutionText(wholeMap(h, w), channels, depth);
  return { map: [1, 1, depth], layer: c.table.layer(text, [x.layer], c.node.name, { weights, depth }) };
};

function pooled(kind: 'maximum' | 'average'): Handler {
  return (c, given) => {
    const x = kind === 'maximum' && given.layer.isNonNegative ? given : plain(given, c.table);
    const window = windowOf(c, x, c.attrs.ksize as [number, number]);
    const { isNonNegative } = x.layer;
    const layer = c.table.layer(poolingText(kind, window), [x.layer], c.node.name, { isNonNegative });
    return { map: mapOf(c.output), layer };
  };
}

const batchNorm: Handler = (c, given) => {
  const x = plain(given, c.table);
  const [scale = null, offset = null, mean = null, variance = null] = c.node.inputs.slice(1).map(variableOf);
  const norm = { scale, offset, mean, variance, epsilon: c.attrs.epsilon as number };
  const { layer, map } = x;
  if (layer.weights !== undefined && layer.norm === undefined) return { map, layer: { ...layer, norm } };
  return { map, layer: c.table.layer(normText(map[2]), [layer], c.node.name, { norm }) };
};

const biasAdd: Handler = (c, x) => {
  const biases = variableOf(c.node.inputs[1]);
  const { layer } = x;
  if (biases === null || layer.weights === undefined || layer.biases !== undefined || layer.norm !== undefined)
    return null;
  return { ...x, layer: { ...layer, biases } };
};

const add: Handler = (c, x) => {
  const [p, q] = c.values;
  if (p === undefined || q === undefined) return p === undefined ? null : biasAdd(c, x);
  const inputs = [plain(p, c.table).layer, plain(q, c.table).layer];
  return { map: mapOf(c.output), layer: c.table.layer(addition, inputs, c.node.name) };
};

const mean: Handler = (c, given) => {
  const x = plain(given, c.table);
  const axes = (c.attrs.axes as readonly number[]).map((axis) => (axis + 4) % 4).sort();
  if (axes.join() !== '1,2') return null;
  const [h, w, channels] = x.map;
  if (h === 1 && w === 1) return x;
  return { map: [1, 1, channels], layer: c.table.layer(average, [x.layer], c.node.name) };
};

/** A map as rows, or as it is. */
const reshaped: Handler = ({ table, output }, given) => {
  const x = plain(given, table);
  const count = x.map.reduce((all, size) => all * size, 1);
  return output[0] === 1 &&
    output.reduce((all, size) => all * size, 1) === count &&
    (output.length === 2 || x.map[0] * x.map[1] === 1)
    ? x
    : null;
};

const pad: Handler = (c, x) => {
  const [n0, n1, top, bottom, left, right, c0, c1] = c.attrs.pads as readonly number[];
  if (c.output.length !== 4 || [n0, n1, c0, c1].some((p) => p !== 0)) return null;
  const [t, l, b, r] = x.pads ?? [0, 0, 0, 0];
  return { ...x, pads: [t + (top ?? 0), l + (left ?? 0), b + (bottom ?? 0), r + (right ?? 0)] };
};

const handlers: Readonly<Record<string, Handler>> = {
  add,
  avg_pool2d: pooled('average'),
  batch_norm: batchNorm,
  bias_add: biasAdd,
  conv2d: convolution,
  log_softmax: unary(softmaxLayer),
  matmul: product,
  max_pool2d: pooled('maximum'),
  pad,
  reduce_mean: mean,
  relu: unary('a relu', true),
  relu6: unary('a relu that ends at 6', true),
  reshape: reshaped,
  softmax: unary(softmaxLayer),
  squeeze: reshaped,
};
