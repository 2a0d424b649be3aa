/**
 * Values of the way there that the way back needs may be computed again instead of being kept: the same ops on the same values, so the same
 * bits, for less memory and more time. What is computed again stands in the graph where the way back first reads it, which is where a plan
 * runs it.
 */
import type { Graph, Node, Tensor } from '../core/graph.js';
import { readsOf } from '../core/traversal.js';

/**
 * `none`: all is kept. `norms`: results of batch normalizations, and what rectifiers make of them; convolutions and sums are kept. `blocks`: everything
 * but the ends of residual units, what pools give, and every second convolution of a network without sums.
 */
export type Recompute = 'none' | 'norms' | 'blocks';

export const recomputeModes: readonly Recompute[] = ['none', 'norms', 'blocks'];

const norms = new Set(['batch_norm_training', 'batch_norm']);
const pools = new Set(['max_pool2d', 'avg_pool2d']);

/** Gives for a value of the way there the tensor that the way back is to read: itself, or what computes it again. */
export class Recomputation {
  readonly #graph: Graph;
  readonly #nodes: ReadonlySet<Node>;
  /**
   * Norms with a rectifier behind them: their results are made again, so that the way back reads the statistics of that repetition, and sees
   * norm and rectifier side by side. Of other norms the statistics, which are small, are kept, and nothing is made again.
   */
  readonly #rectified: ReadonlySet<Node>;
  readonly #again = new Map<Node, Node>();

  /**
   * @param nodes of the way there that depend on what is trained, in the order of their making
   * @param dependent the values that do
   */
  constructor(mode: Recompute, graph: Graph, nodes: readonly Node[], dependent: ReadonlySet<Tensor>) {
    this.#graph = graph;
    const path = mode === 'none' ? [] : ofTheBatch(nodes, dependent);
    const chosen = mode === 'norms' ? normsOf(path) : insideOfBlocks(path);
    this.#nodes = chosen;
    this.#rectified = new Set([...chosen].flatMap((node) => (isOfOne(node) ? [(node.inputs[0] as Tensor).node] : [])));
  }

  readonly value = (tensor: Tensor): Tensor => {
    const { node, index } = tensor;
    if (!this.#nodes.has(node) || (index > 0 && !this.#rectified.has(node))) return tensor;
    return (this.#again.get(node) ?? this.#repeat(node)).outputs[index] as Tensor;
  };

  #repeat(node: Node): Node {
    const { op, name, inputs, attrs, outputs } = node;
    const again = this.#graph.add(op, inputs.map(this.value), attrs, { name: `${name}_again`, types: outputs });
    this.#again.set(node, again);
    return again;
  }
}

/** The nodes that compute something of each batch, which the decay of weights does not. */
function ofTheBatch(nodes: readonly Node[], dependent: ReadonlySet<Tensor>): readonly Node[] {
  const fed = new Map<Node, boolean>();
  const isFed = (node: Node): boolean => {
    // Without recursion: networks are deep.
    const open = [node];
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const missing = readsOf(last).filter((tensor) => !fed.has(tensor.node));
      if (missing.length > 0) open.push(...missing.map((tensor) => tensor.node));
      else {
        const { op } = last;
        fed.set(last, op.name === 'input' || op.traits.random || readsOf(last).some((tensor) => fed.get(tensor.node)));
        open.pop();
      }
    }
    return fed.get(node) as boolean;
  };
  return nodes.filter((node) => node.outputs.some((tensor) => dependent.has(tensor)) && isFed(node));
}

function normsOf(path: readonly Node[]): ReadonlySet<Node> {
  const chosen = new Set<Node>();
  for (const node of path) {
    const behind = isOfOne(node) && chosen.has((node.inputs[0] as Tensor).node);
    if (norms.has(node.op.name) || behind) chosen.add(node);
  }
  return chosen;
}

/** Whether a node is a function of each element of one tensor, as rectifiers are. */
function isOfOne({ op, inputs }: Node): boolean {
  return op.traits.elementwise && inputs.length === 1;
}

/**
 * The path without the values at which it is cut, through each of which all that follows goes. Behind the last cut but one nothing is
 * computed again: the way back begins there, while all of it is alive in any case.
 */
function insideOfBlocks(path: readonly Node[]): ReadonlySet<Node> {
  const cuts = cutsOf(path).slice(0, -1);
  const last = cuts.at(-1);
  if (last === undefined) return new Set();
  const kept = new Set(cuts);
  return new Set(path.filter((node) => node.id < last.id && !kept.has(node)));
}

function cutsOf(path: readonly Node[]): readonly Node[] {
  const members = new Set(path);
  const readers = new Map<Node, Node[]>(path.map((node) => [node, []]));
  for (const node of path)
    for (const tensor of new Set(readsOf(node).map((each) => each.node))) readers.get(tensor)?.push(node);
  const lastReader = (node: Node): number => readers.get(node)?.at(-1)?.id ?? node.id;
  const cuts: Node[] = [];
  let products = 0;
  let open: Node[] = [];
  let waits = false;
  for (const node of path) {
    open = [...open.filter((each) => lastReader(each) > node.id), node];
    const parents = new Set(readsOf(node).flatMap((tensor) => (members.has(tensor.node) ? [tensor.node] : [])));
    if (node.op.traits.product) products++;
    waits ||= parents.size > 1 || products >= 2 || pools.has(node.op.name);
    const [next, another] = readers.get(node) ?? [];
    // What follows cheaply is kept in its place: rectifiers, pools.
    const goesOn = next !== undefined && another === undefined && isCheap(next) && parentsWithin(next, members) === 1;
    if (open.length > 1 || !waits || goesOn) continue;
    cuts.push(node);
    products = 0;
    waits = false;
  }
  return cuts;
}

function parentsWithin(node: Node, members: ReadonlySet<Node>): number {
  return new Set(readsOf(node).filter((tensor) => members.has(tensor.node))).size;
}

function isCheap({ op }: Node): boolean {
  return !op.traits.product && !norms.has(op.name);
}
