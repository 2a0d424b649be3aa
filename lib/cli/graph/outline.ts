/** A graph as a reader thinks of it: layers (a convolution with its normalization and activation) in nested scopes. */
import { macsOfNode } from '../../core/cost.js';
import type { Graph, Node, Tensor, Variable } from '../../core/graph.js';
import { type ConcreteShape, type ConcreteType, elementCount } from '../../core/shape.js';
import { concreteTypes, reachable } from '../../core/traversal.js';

interface Part {
  /** Last part of the scope. */
  readonly name: string;
  /** What leaves it. */
  readonly shape: ConcreteShape;
  readonly parameters: number;
  readonly macs: number;
  /** Numbers of the layers in it; edges are between them. */
  readonly ids: readonly number[];
}

/** Ops that stand together, drawn as one. */
export interface Layer extends Part {
  /** In words: `conv2d 3x3/2, batch_norm, relu`. */
  readonly ops: string;
  /** The op that gives the layer its look; null for a scope that is not shown in full. */
  readonly mainOp: string | null;
}

/** A scope with what is in it. */
export interface Group extends Part {
  readonly items: readonly Item[];
}

export type Item = Layer | Group;

/** Everything that some results need. */
export interface Outline {
  readonly items: readonly Item[];
  /** Pairs of layers of which the second reads the first. */
  readonly edges: readonly (readonly [number, number])[];
}

export function isGroup(item: Item): item is Group {
  return 'items' in item;
}

/** Ops that belong to what they are applied to. */
const activations: ReadonlySet<string> = new Set(['relu', 'relu6', 'elu', 'sigmoid']);

/**
 * The outline of what `roots` need.
 * @throws ShapeError when the shape of a placeholder is not known
 */
export function outlineOf(graph: Graph, roots: readonly Tensor[]): Outline {
  const nodes = reachable(graph, roots);
  const types = concreteTypes(nodes, new Map());
  const drawn = nodes.filter((node) => node.op.name === 'input' || !node.op.source);
  const places = placesOf(drawn);
  const byPlace = new Map<string, Node[]>();
  for (const node of drawn) {
    const place = places.get(node) as string;
    byPlace.set(place, [...(byPlace.get(place) ?? []), node]);
  }
  const ids = new Map([...byPlace.keys()].map((place, id) => [place, id]));
  const layers = [...byPlace].map(([place, members], id) => ({
    place,
    layer: layerOf(place, members, id, types),
    members,
  }));
  const edges = new Map<string, readonly [number, number]>();
  for (const node of drawn) {
    const to = ids.get(places.get(node) as string) as number;
    for (const { node: source } of node.inputs) {
      const from = ids.get(places.get(source) ?? '');
      if (from !== undefined && from !== to) edges.set(`${from} ${to}`, [from, to]);
    }
  }
  const tree = new Tree();
  for (const { place, layer, members } of layers) tree.add(place.split('/'), layer, members);
  return { items: tree.items(), edges: [...edges.values()] };
}

/** Hides what lies deeper than `depth` scopes below the outermost ones. */
export function toDepth({ items, edges }: Outline, depth: number): Outline {
  return { items: items.map((item) => shortened(item, depth)), edges };
}

function shortened(item: Item, depth: number): Item {
  if (!isGroup(item)) return item;
  if (depth > 0) return { ...item, items: item.items.map((inner) => shortened(inner, depth - 1)) };
  const { items, ...part } = item;
  const groups = items.filter(isGroup).length;
  return { ...part, ops: groups > 1 ? `${groups} units` : `${part.ids.length} layers`, mainOp: null };
}

/**
 * The layer that each node belongs to, as a scope: the outermost one in which a node reads a variable. What reads none is a layer of its
 * own, but for a padding, which goes with what reads it alone, and an activation, which goes with what it reads alone.
 */
function placesOf(nodes: readonly Node[]): Map<Node, string> {
  const scopes = new Set(
    nodes.filter((node) => node.inputs.some((t) => t.node.variable !== null)).map(({ name }) => scopeOf(name)),
  );
  const readers = new Map<Tensor, Node[]>();
  for (const node of nodes)
    for (const tensor of node.inputs) readers.set(tensor, [...(readers.get(tensor) ?? []), node]);
  const places = new Map<Node, string>();
  for (const node of nodes) places.set(node, outermost(node.name, scopes) ?? node.name);
  for (const node of nodes) {
    const [input, output] = [node.inputs[0], node.outputs[0]];
    const own = places.get(node) === node.name;
    if (!own || input === undefined || output === undefined || !places.has(input.node)) continue;
    const isAlias = node.op.name === 'reshape' && String(input.shape) === String(output.shape);
    if (
      (activations.has(node.op.name) || isAlias) &&
      readers.get(input)?.length === 1 &&
      input.node.op.name !== 'input'
    )
      places.set(node, places.get(input.node) as string);
    const [reader, ...others] = readers.get(output) ?? [];
    if (node.op.name === 'pad' && reader?.op.name === 'conv2d' && others.length === 0)
      places.set(node, places.get(reader) as string);
  }
  return places;
}

const scopeOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('/'), 0));

function outermost(name: string, scopes: ReadonlySet<string>): string | undefined {
  const parts = name.split('/');
  return parts.map((_, i) => parts.slice(0, i).join('/')).find((scope) => scope !== '' && scopes.has(scope));
}

function layerOf(place: string, nodes: readonly Node[], id: number, types: ReadonlyMap<Tensor, ConcreteType>): Layer {
  const last = nodes.at(-1) as Node;
  const told = nodes.filter((node) => node.op.name !== 'reshape' || nodes.length === 1);
  const main =
    nodes.find((node) => ['conv2d', 'matmul'].includes(node.op.name)) ?? (told[0] as Node | undefined) ?? last;
  return {
    name: place.slice(place.lastIndexOf('/') + 1),
    ops: told.map((node) => opText(node, types)).join(', '),
    mainOp: main.op.name,
    shape: (types.get(last.outputs[0] as Tensor) as ConcreteType).shape,
    parameters: parametersOf(nodes),
    macs: nodes.reduce((sum, node) => sum + macsOfNode(node, types), 0),
    ids: [id],
  };
}

function parametersOf(nodes: readonly Node[]): number {
  const variables = new Set<Variable>();
  for (const { inputs } of nodes)
    for (const { node } of inputs) if (node.variable !== null) variables.add(node.variable);
  return [...variables].reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** `conv2d 7x7/2`: kernel and, where it is not 1, stride and dilation. */
function opText(node: Node, types: ReadonlyMap<Tensor, ConcreteType>): string {
  const { name } = node.op;
  const { strides, dilations, ksize } = node.attrs as Readonly<Record<string, readonly number[] | undefined>>;
  const filter = name === 'conv2d' ? types.get(node.inputs[1] as Tensor)?.shape.slice(0, 2) : ksize;
  if (filter === undefined || strides === undefined) return name;
  const pair = (values: readonly number[]) => (values[0] === values[1] ? String(values[0]) : values.join('x'));
  const stride = strides.some((s) => s > 1) ? `/${pair(strides)}` : '';
  const dilation = dilations?.some((d) => d > 1) === true ? ` rate ${pair(dilations)}` : '';
  return `${name} ${filter.join('x')}${stride}${dilation}`;
}

/** Layers by scope, in the order in which they come. */
class Tree {
  readonly #children = new Map<string, Tree>();
  #layer: Layer | null = null;
  readonly #nodes: Node[] = [];

  add([head, ...rest]: readonly string[], layer: Layer, nodes: readonly Node[]): void {
    this.#nodes.push(...nodes);
    if (head === undefined) {
      this.#layer = layer;
      return;
    }
    const child = this.#children.get(head) ?? new Tree();
    this.#children.set(head, child);
    child.add(rest, layer, nodes);
  }

  items(): Item[] {
    return [...this.#children].map(([name, child]) => child.#item(name));
  }

  /** A scope that holds nothing but one thing is that thing, under its own name. */
  #item(name: string): Item {
    const inner = this.items();
    const items = this.#layer === null ? inner : [this.#layer, ...inner];
    const [first] = items as [Item];
    if (items.length === 1) return { ...first, name };
    return {
      name,
      items,
      shape: (items.at(-1) as Item).shape,
      parameters: parametersOf(this.#nodes),
      macs: items.reduce((sum, { macs }) => sum + macs, 0),
      ids: items.flatMap(({ ids }) => ids),
    };
  }
}
