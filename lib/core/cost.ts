import type { Graph, Node, Tensor } from './graph.js';
import { type ConcreteShape, type ConcreteType, elementCount } from './shape.js';
import { concreteTypes, reachable } from './traversal.js';

/**
 * Multiply-accumulates of the convolutions and matrix products that `roots` need; biases, normalizations and poolings do not
 * count, as is the custom.
 * @param shapes shapes of the inputs by placeholder name; needed for inputs with unknown dimensions
 * @throws ShapeError when a shape stays unknown or does not fit; PlanError when a root belongs to another graph
 */
export function macs(
  graph: Graph,
  roots: readonly Tensor[],
  shapes: ReadonlyMap<string, ConcreteShape> = new Map(),
): number {
  const nodes = reachable(graph, roots);
  const types = concreteTypes(nodes, shapes);
  return nodes.reduce((total, node) => total + macsOfNode(node, types), 0);
}

/** Ops that read a product's weight, or its shape, as their second input and the gradient of its result as their third. */
const waysBack: ReadonlySet<string> = new Set(['conv2d_backward_data', 'conv2d_backward_filter']);

/** The multiply-accumulates of one node, given the types of all tensors around it. */
export function macsOfNode(node: Node, types: ReadonlyMap<Tensor, ConcreteType>): number {
  const { op } = node;
  // Each element of the result, and on the way back each of its gradients, is a sum over or a part of all of the weight's elements that
  // belong to its output channel.
  const sums = op.traits.product ? node.outputs[0] : waysBack.has(op.name) ? node.inputs[2] : undefined;
  if (sums === undefined) return 0;
  const sizes = (tensor: Tensor | undefined) => types.get(tensor as Tensor)?.shape ?? [];
  return elementCount(sizes(sums)) * elementCount(sizes(node.inputs[1]).slice(0, -1));
}
