import { PlanError, ShapeError } from '../errors.js';
import type { Graph, Node, Tensor } from './graph.js';
import { accepts, type ConcreteShape, type ConcreteType, isConcrete, shapeText, typeText } from './shape.js';

/** The tensors that a node computes with: its inputs but for those of which it needs the shape alone. */
export function readsOf({ op, inputs }: Node): readonly Tensor[] {
  return op.shapeOnly.length === 0 ? inputs : inputs.filter((_, i) => !op.shapeOnly.includes(op.inputs[i] as string));
}

/**
 * Nodes that run when the roots are computed, updates that are forced included, in the order of their making.
 * @throws PlanError when a root belongs to another graph.
 */
export function reachable(graph: Graph, roots: readonly Tensor[]): Node[] {
  for (const root of roots) {
    if (root.graph !== graph) throw new PlanError(`${root.name} belongs to another graph.`, { node: root.name });
  }
  const nodes = roots.map((root) => root.node);
  return closure(graph, nodes, (node) => [...readsOf(node), ...graph.forcedUpdates(node)]);
}

/** The nodes, and those that say what shapes they have, in the order of their making. */
export function described(graph: Graph, nodes: readonly Node[]): Node[] {
  return closure(graph, nodes, (node) => node.inputs);
}

function closure(graph: Graph, nodes: readonly Node[], next: (node: Node) => readonly Tensor[]): Node[] {
  const needed = new Uint8Array(graph.nodes.length);
  const open = [...nodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (needed[node.id] === 1) continue;
    needed[node.id] = 1;
    for (const tensor of next(node)) open.push(tensor.node);
  }
  return graph.nodes.filter((n) => needed[n.id] === 1);
}

/**
 * The types of all tensors of `nodes` and of what describes them, inferred anew from the inputs' shapes.
 * @param shapes shapes of the inputs by placeholder name; needed for inputs with unknown dimensions
 * @throws ShapeError when a shape stays unknown or does not fit.
 */
export function concreteTypes(
  nodes: readonly Node[],
  shapes: ReadonlyMap<string, ConcreteShape>,
): Map<Tensor, ConcreteType> {
  const types = new Map<Tensor, ConcreteType>();
  const [first] = nodes;
  for (const node of first === undefined ? [] : described(first.graph, nodes)) {
    const inputs = node.inputs.map((t) => types.get(t) as ConcreteType);
    const outputs = node.op.source
      ? [sourceType(node, shapes)]
      : (node.op.infer(inputs, node.attrs, node.name) as ConcreteType[]);
    node.outputs.forEach((tensor, i) => {
      types.set(tensor, outputs[i] as ConcreteType);
    });
  }
  return types;
}

function sourceType(node: Node, shapes: ReadonlyMap<string, ConcreteShape>): ConcreteType {
  const declared = node.outputs[0] as Tensor;
  const given = node.op.name === 'input' ? shapes.get(node.attrs.name as string) : undefined;
  const shape = given ?? declared.shape;
  if (given !== undefined && !accepts(declared.shape, given)) {
    throw new ShapeError(
      `Input ${node.attrs.name}: expected ${typeText(declared)}, received shape ${shapeText(given)}.`,
      { node: node.name },
    );
  }
  if (!isConcrete(shape)) {
    throw new ShapeError(`Input ${node.attrs.name}: the shape of ${typeText(declared)} must be given.`, {
      node: node.name,
    });
  }
  return { dtype: declared.dtype, shape };
}
