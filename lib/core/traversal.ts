import { PlanError, ShapeError } from '../errors.js';
import type { Graph, Node, Tensor } from './graph.js';
import { accepts, type ConcreteShape, type ConcreteType, isConcrete, shapeText, typeText } from './shape.js';

/**
 * Nodes that the roots need, updates that are forced included, in the order of their making.
 * @throws PlanError when a root belongs to another graph.
 */
export function reachable(graph: Graph, roots: readonly Tensor[]): Node[] {
  const needed = new Uint8Array(graph.nodes.length);
  const open = roots.map((t) => t.node);
  for (const root of open) {
    if (root.graph !== graph) throw new PlanError(`${root.name} belongs to another graph.`, { node: root.name });
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (needed[node.id] === 1) continue;
    needed[node.id] = 1;
    for (const input of node.inputs) open.push(input.node);
    for (const update of graph.forcedUpdates(node)) open.push(update.node);
  }
  return graph.nodes.filter((n) => needed[n.id] === 1);
}

/**
 * The types of all tensors of `nodes` (complete, in the order of their making), inferred anew from the inputs' shapes.
 * @param shapes shapes of the inputs by placeholder name; needed for inputs with unknown dimensions
 * @throws ShapeError when a shape stays unknown or does not fit.
 */
export function concreteTypes(
  nodes: readonly Node[],
  shapes: ReadonlyMap<string, ConcreteShape>,
): Map<Tensor, ConcreteType> {
  const types = new Map<Tensor, ConcreteType>();
  for (const node of nodes) {
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
