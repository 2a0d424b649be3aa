import { allocate, bytesOf, type DType, holds, type TypedArray } from '../core/dtype.js';
import type { Graph, Node, Tensor, Variable } from '../core/graph.js';
import type { AttrValue } from '../core/op.js';
import type { Defaults, WithDefaults } from '../core/options.js';
import {
  type ConcreteShape,
  type ConcreteType,
  checkShape,
  elementCount,
  type Shape,
  shapeText,
} from '../core/shape.js';
import { concreteTypes, described, reachable } from '../core/traversal.js';
import { ArgumentError } from '../errors.js';
import { type AxisOrder, channelsSecond, inOrder, naturalOrder, reorderAxes, sameOrder } from './axes.js';
import type { OnnxAttributes, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './onnx_messages.js';
import { emitters, opset, refused } from './onnx_ops.js';

/** What to export. */
export interface OnnxRequest {
  readonly graph: Graph;
  /** Results by the name that they get in the file. */
  readonly fetches: Readonly<Record<string, Tensor>>;
  /** The value of a variable, e.g. `session.read`. Called for one after the other; the array may be the same each time. */
  readonly read: (variable: Variable) => TypedArray | Promise<TypedArray>;
  /** Shapes of placeholders whose height or width is unknown; a first dimension of null stays open. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  /**
   * `nchw` (default): placeholders and results of rank 4 are [N, H, W, C] in the graph and become [N, C, H, W], as is the custom in
   * ONNX. `unchanged`: their axes stay as they are in the graph.
   */
  readonly layout?: 'nchw' | 'unchanged';
  /** Free text for the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The options of an export; the first three must be given. */
export const requestDefaults = {
  graph: undefined,
  fetches: undefined,
  read: undefined,
  shapes: {},
  layout: 'nchw',
  metadata: {},
} satisfies Defaults<OnnxRequest>;

/** What is exported, and how. */
export type CompleteRequest = WithDefaults<OnnxRequest, typeof requestDefaults>;

/** A tensor of the graph as it stands in the file. */
export interface Stored {
  readonly name: string;
  readonly order: AxisOrder;
}

/** Attributes of a node. */
export type Attributes = Readonly<Record<string, AttrValue>>;

type Types = ReadonlyMap<Tensor, ConcreteType>;

/** Name of the open first dimension in the file. */
const batchName = 'N';
/** Two batch sizes for which shapes are inferred: what differs between them depends on the batch. */
const batches = [2, 3] as const;

/** Turns the part of a graph that fetches need into an ONNX model. What `onnx_ops.ts` calls to write one op. */
export class OnnxExporter {
  readonly #request: CompleteRequest;
  readonly #graphNodes: readonly Node[];
  readonly #types: readonly [Types, Types];
  readonly #readers = new Map<Tensor, number>();
  readonly #stored = new Map<Tensor, Stored>();
  readonly #names: Set<string>;
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxTensor[] = [];
  /** Names of values that were made from others: constants by content, tensors in another order of axes. */
  readonly #made = new Map<string, string>();

  constructor(request: CompleteRequest) {
    const { graph, fetches, shapes } = request;
    this.#request = request;
    // ONNX's Size reads the tensor that it counts.
    this.#graphNodes = described(graph, reachable(graph, Object.values(fetches)));
    const placeholders = this.#graphNodes.filter((node) => node.op.name === 'input');
    const sized = (batch: number) => concreteTypes(this.#graphNodes, inputShapes(placeholders, shapes, batch));
    this.#types = [sized(batches[0]), sized(batches[1])];
    for (const tensor of this.#graphNodes.flatMap((node) => node.inputs))
      this.#readers.set(tensor, (this.#readers.get(tensor) ?? 0) + 1);
    // A result counts as read once more, so that no op takes it for its own alone.
    for (const tensor of Object.values(fetches)) this.#readers.set(tensor, (this.#readers.get(tensor) ?? 0) + 1);
    const inputNames = placeholders.map((node) => node.attrs.name as string);
    const taken = inputNames.find((name) => Object.hasOwn(fetches, name));
    if (taken !== undefined)
      throw new ArgumentError(`exportOnnx: fetches: ${taken} is the name of a placeholder; a result needs another.`);
    this.#names = new Set([...inputNames, ...Object.keys(fetches)]);
  }

  run(): OnnxModel {
    const inputs: OnnxValue[] = [];
    for (const node of this.#graphNodes) {
      if (node.op.name === 'input') {
        const tensor = node.outputs[0] as Tensor;
        const stored = { name: node.attrs.name as string, order: this.#outside(tensor) };
        this.#stored.set(tensor, stored);
        inputs.push(this.#value(tensor, stored));
      } else if (!isSource(node)) this.#emit(node);
    }
    const outputs = Object.entries(this.#request.fetches).map(([name, tensor]) => {
      const order = this.#outside(tensor);
      this.#nodes.push({
        op: 'Identity',
        name: `output/${name}`,
        inputs: [this.read(tensor, order)],
        outputs: [name],
        attributes: {},
      });
      return this.#value(tensor, { name, order });
    });
    const { metadata } = this.#request;
    return { opset, nodes: this.#nodes, initializers: this.#initializers, inputs, outputs, metadata };
  }

  #emit(node: Node): void {
    const { name } = node.op;
    const emit = emitters[name];
    if (emit === undefined) {
      const why = refused[name];
      throw new ArgumentError(
        `exportOnnx: ${node.name}: the op ${name} has no ONNX counterpart here${why === undefined ? '' : `: ${why}`}.`,
        {
          op: name,
          node: node.name,
          ...(why === undefined ? {} : { hint: 'fetch what the network gives in inference (isTraining: false).' }),
        },
      );
    }
    const types = node.inputs.map((tensor) => this.#types[0].get(tensor) as ConcreteType);
    emit(this, node, node.op.resolve(types, node.attrs));
  }

  /** The order of axes in which a placeholder or result is handed over. */
  #outside(tensor: Tensor): AxisOrder {
    const rank = this.rank(tensor);
    return rank === 4 && this.#request.layout !== 'unchanged' ? channelsSecond(rank) : naturalOrder(rank);
  }

  #value(tensor: Tensor, { name, order }: Stored): OnnxValue {
    const [a, b] = this.#types.map((types) => (types.get(tensor) as ConcreteType).shape) as [
      ConcreteShape,
      ConcreteShape,
    ];
    const shape = a.map((d, axis) => {
      if (d === b[axis]) return d;
      return d === batches[0] && b[axis] === batches[1] ? batchName : null;
    });
    return { name, dtype: tensor.dtype, shape: inOrder(shape, order) };
  }

  /** Dimensions of a variable or constant; those of other tensors hold for one batch size only. */
  #shape(tensor: Tensor): ConcreteShape {
    return (this.#types[0].get(tensor) as ConcreteType).shape;
  }

  rank(tensor: Tensor): number {
    return this.#shape(tensor).length;
  }

  /** The size of an axis that does not depend on the batch, as channels never do. */
  size(tensor: Tensor, axis: number): number {
    return this.#shape(tensor).at(axis) as number;
  }

  /** True for variables and constants. */
  isSource(tensor: Tensor): boolean {
    return isSource(tensor.node);
  }

  /** True when one node reads the tensor, and no result is it. */
  isReadOnce(tensor: Tensor): boolean {
    return this.#readers.get(tensor) === 1;
  }

  /** The nodes of the graph that read a tensor. */
  readersOf(tensor: Tensor): Node[] {
    return this.#graphNodes.filter((node) => node.inputs.includes(tensor));
  }

  /** How a tensor stands in the file. */
  stored(tensor: Tensor): Stored {
    const order = this.#stored.get(tensor)?.order ?? naturalOrder(this.rank(tensor));
    return { name: this.read(tensor, order), order };
  }

  /** The name under which a tensor stands in the file with its axes in this order; the graph's own unless told. */
  read(tensor: Tensor, order: AxisOrder = naturalOrder(this.rank(tensor))): string {
    if (this.isSource(tensor)) return this.#source(tensor, order);
    const stored = this.#stored.get(tensor) as Stored;
    if (sameOrder(stored.order, order)) return stored.name;
    return this.#once(`${stored.name} ${order}`, () =>
      this.step('Transpose', `${tensor.name}/transposed`, [stored.name], {
        perm: order.map((axis) => stored.order.indexOf(axis)),
      }),
    );
  }

  /** A variable or constant with its axes in an order that may have more axes: those are ones in front, as in broadcasting. */
  #source(tensor: Tensor, order: AxisOrder): string {
    const own = this.#shape(tensor);
    const padded = [...Array<number>(order.length - own.length).fill(1), ...own];
    const all = inOrder(padded, order);
    const shape =
      order.length === own.length ? all : all.slice(all.findIndex((d, i) => d !== 1 || i === all.length - 1));
    return this.#once(`${tensor.name} ${order} of ${own.length}`, () =>
      this.#initializer(tensor.node.variable?.name ?? tensor.name, tensor.dtype, shape, async () =>
        reorderAxes(tensor.dtype, await this.#values(tensor), padded, order),
      ),
    );
  }

  async #values(tensor: Tensor): Promise<TypedArray> {
    const { node, dtype } = tensor;
    const count = elementCount(this.#shape(tensor));
    if (node.variable === null) return constantValues(node, dtype, count);
    const values: unknown = await this.#request.read(node.variable);
    if (holds(dtype, values) && values.length === count) return values;
    throw new ArgumentError(
      `exportOnnx: read: expected ${count} values of ${dtype} for ${node.variable.name} ${shapeText(node.variable.shape)}.`,
    );
  }

  /** Values that an op needs besides its inputs, such as axes. Equal ones stand in the file once. */
  constant(dtype: DType, values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#once(`constant ${dtype} ${shape} ${values}`, () =>
      this.#initializer(`constant/${dtype}`, dtype, shape, async () => filled(dtype, values, values.length)),
    );
  }

  #initializer(name: string, dtype: DType, shape: readonly number[], values: () => Promise<TypedArray>): string {
    const unique = this.#fresh(name);
    const load = async () => {
      const data = await values();
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    };
    const bytes = elementCount(shape) * bytesOf(dtype);
    this.#initializers.push({ name: unique, dtype, shape, bytes, load });
    return unique;
  }

  /** Writes a graph's node as one ONNX node. Its outputs stand in `order`. */
  node(op: string, node: Node, inputs: readonly string[], order: AxisOrder, attributes: OnnxAttributes = {}): void {
    const outputs = node.outputs.map((tensor) => {
      const name = this.#fresh(tensor.name);
      this.#stored.set(tensor, { name, order });
      return name;
    });
    this.#nodes.push({ op, name: node.name, inputs, outputs, attributes });
  }

  /** Writes an ONNX node between others. @returns the name of its result */
  step(op: string, name: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    return this.steps(op, name, inputs, [name], attributes)[0] as string;
  }

  /** The same for nodes with several results. */
  steps(
    op: string,
    name: string,
    inputs: readonly string[],
    results: readonly string[],
    attributes: OnnxAttributes,
  ): string[] {
    const outputs = results.map((result) => this.#fresh(result));
    this.#nodes.push({ op, name, inputs, outputs, attributes });
    return outputs;
  }

  /** Lets a tensor stand for a value that the file has already. */
  alias(tensor: Tensor, stored: Stored): void {
    this.#stored.set(tensor, stored);
  }

  #fresh(name: string): string {
    let unique = name;
    for (let i = 1; this.#names.has(unique); i++) unique = `${name}_${i}`;
    this.#names.add(unique);
    return unique;
  }

  #once(key: string, make: () => string): string {
    const name = this.#made.get(key) ?? make();
    this.#made.set(key, name);
    return name;
  }
}

function isSource({ variable, op }: Node): boolean {
  return variable !== null || op.name === 'constant';
}

function constantValues(node: Node, dtype: DType, count: number): TypedArray {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw new ArgumentError(`exportOnnx: ${node.name}: constants of ${dtype} are not exported.`, { node: node.name });
  return filled(dtype, node.attrs.values as readonly number[], count);
}

/** An array of the values, or of the one value that there is. */
function filled(dtype: DType, values: readonly number[], count: number): TypedArray {
  const data = allocate(dtype, count) as TypedArray & unknown[];
  const element = dtype === 'int64' || dtype === 'uint64' ? BigInt : Number;
  for (let i = 0; i < count; i++) data[i] = element(values[values.length === 1 ? 0 : i] as number);
  return data;
}

/** Shapes of the placeholders. `batch` stands for a first dimension that is open. */
function inputShapes(
  placeholders: readonly Node[],
  given: Readonly<Record<string, Shape>>,
  batch: number,
): Map<string, ConcreteShape> {
  const names = placeholders.map((node) => node.attrs.name as string);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `exportOnnx: shapes: there is no placeholder ${unknown}; the fetches need ${names.join(', ') || 'none'}.`,
    );
  }
  const shapeOf = (node: Node): ConcreteShape => {
    const name = node.attrs.name as string;
    const shape = given[name] ?? (node.outputs[0] as Tensor).shape;
    checkShape(shape, `exportOnnx: shapes: ${name}`);
    return shape.map((d, i) => {
      if (d !== null) return d;
      if (i === 0) return batch;
      throw new ArgumentError(
        `exportOnnx: Input ${name}: height and width must be known for ONNX, received ${shapeText(shape)}.`,
        {
          node: node.name,
          hint: 'give them in shapes.',
        },
      );
    });
  };
  return new Map(placeholders.map((node) => [node.attrs.name as string, shapeOf(node)]));
}
