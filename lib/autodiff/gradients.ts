import { describe, isFloating } from '../core/dtype.js';
import { type Graph, type Node, Tensor, type Variable } from '../core/graph.js';
import { checkOneOf, checkOptions } from '../core/options.js';
import { accepts, typeText } from '../core/shape.js';
import { reachable, readsOf } from '../core/traversal.js';
import { ArgumentError, GradientError, InternalError, ScopeError, ShapeError } from '../errors.js';
import { vocabulary } from '../ops/vocabulary.js';
import { Recomputation, type Recompute, recomputeModes } from './recompute.js';

/** Options of `gradients`. */
export interface GradientsOptions {
  /** The gradient of each y, of its type, from which the way back begins; ones where left out. */
  readonly gradYs?: readonly (Tensor | undefined)[];
  /** Tensors and variables that count as constants: nothing goes back through them. Where one is among xs, its gradient is given. */
  readonly stopGradients?: readonly (Tensor | Variable)[];
  /** Values of the way there that are computed again instead of being kept: less memory, more time, the same bits. `none` unless told. */
  readonly recompute?: Recompute;
  /** The name scope of the nodes that are added, `gradients` unless told. */
  readonly name?: string;
}

/**
 * Adds to the graph what computes the derivatives of the sum of all elements of `ys` with respect to each of `xs`, as TensorFlow's
 * tf.gradients does. Only what is fetched of it runs.
 * @param ys floating-point tensors of one graph
 * @param xs floating-point tensors or variables of the same graph
 * @returns for each x a tensor of its dtype and shape
 * @throws GradientError for an x on which no y depends in a way that can be differentiated, and, with the path that leads there, for
 * an op without a gradient; ArgumentError, ScopeError and ShapeError for arguments that are none
 */
export function gradients(
  ys: Tensor | readonly Tensor[],
  xs: readonly (Tensor | Variable)[],
  options: GradientsOptions = {},
): Tensor[] {
  checkOptions('gradients', options, ['gradYs', 'stopGradients', 'recompute', 'name']);
  const { gradYs, stopGradients = [], recompute = 'none', name = 'gradients' } = options;
  checkOneOf('gradients', 'recompute', recompute, recomputeModes);
  const from = tensors('ys', ys instanceof Tensor ? [ys] : ys);
  const to = tensors('xs', xs);
  const [first] = from;
  if (first === undefined) throw new ArgumentError('gradients: ys: expected at least one tensor, received none.');
  const { graph } = first;
  const stops = new Set(tensors('stopGradients', stopGradients));
  for (const tensor of [...from, ...to, ...stops]) {
    if (tensor.graph !== graph)
      throw new ScopeError(`gradients: ${tensor.name} and ${first.name} belong to two graphs.`, { node: tensor.name });
  }
  for (const tensor of [...from, ...to]) {
    if (!isFloating(tensor.dtype))
      throw new GradientError(
        `gradients: ${tensor.name} is ${typeText(tensor)}: only floating-point tensors have gradients.`,
        {
          node: tensor.name,
        },
      );
  }
  checkSeeds(from, gradYs);
  return graph.withNameScope(name, () => {
    const way = new WayBack(graph, from, to, stops, recompute);
    for (const [i, y] of from.entries()) way.begin(y, gradYs?.[i] ?? vocabulary.filled(1, y));
    way.walk();
    return to.map((x) => way.gradientOf(x));
  });
}

function tensors(what: string, list: readonly (Tensor | Variable)[]): Tensor[] {
  if (!Array.isArray(list))
    throw new ArgumentError(`gradients: ${what}: expected a list of tensors, received ${describe(list)}.`);
  return list.map((item: unknown) => {
    const tensor = item instanceof Tensor ? item : (item as Partial<Variable> | null | undefined)?.tensor;
    if (tensor instanceof Tensor) return tensor;
    throw new ArgumentError(`gradients: ${what}: expected tensors and variables, received ${describe(item)}.`);
  });
}

function checkSeeds(ys: readonly Tensor[], seeds: GradientsOptions['gradYs']): void {
  if (seeds === undefined) return;
  if (!Array.isArray(seeds) || seeds.length !== ys.length)
    throw new ArgumentError(
      `gradients: gradYs: expected one for each of ${ys.length} ys, received ${describe(seeds)}.`,
    );
  for (const [i, y] of ys.entries()) {
    const seed: unknown = seeds[i];
    if (seed === undefined) continue;
    if (!(seed instanceof Tensor))
      throw new ArgumentError(`gradients: gradYs: expected a tensor for ${y.name}, received ${describe(seed)}.`);
    if (seed.dtype !== y.dtype || !accepts(y.shape, seed.shape)) {
      throw new ShapeError(`gradients: gradYs: expected ${typeText(y)} for ${y.name}, received ${typeText(seed)}.`, {
        node: seed.name,
      });
    }
  }
}

/** The nodes between xs and ys, walked back from the last one made to the first. */
class WayBack {
  readonly #ys: readonly Tensor[];
  readonly #stops: ReadonlySet<Tensor>;
  /** Tensors whose value depends, in a way that can be differentiated, on an x. */
  readonly #dependent: ReadonlySet<Tensor>;
  readonly #nodes: readonly Node[];
  /** What the way back reads for a value of the way there. */
  readonly #value: (tensor: Tensor) => Tensor;
  /** What has arrived at each tensor; one sum once it was asked for. */
  readonly #arrived = new Map<Tensor, Tensor[]>();
  /** The node from which the gradient of a tensor came first. */
  readonly #cameFrom = new Map<Tensor, Node>();

  constructor(
    graph: Graph,
    ys: readonly Tensor[],
    xs: readonly Tensor[],
    stops: ReadonlySet<Tensor>,
    recompute: Recompute,
  ) {
    this.#ys = ys;
    this.#stops = stops;
    const dependent = new Set(xs);
    // An x among the stops has a gradient of its own; others end the way.
    const ends = new Set([...stops].filter((tensor) => !dependent.has(tensor)));
    this.#nodes = reachable(graph, ys).filter((node) => {
      const changes = readsOf(node).some((tensor) => dependent.has(tensor) && !ends.has(tensor));
      if (!changes || node.op.differentiable === 'stops') return false;
      for (const result of node.outputs) if (isFloating(result.dtype)) dependent.add(result);
      return true;
    });
    this.#dependent = dependent;
    this.#value = new Recomputation(recompute, graph, this.#nodes, dependent).value;
  }

  begin(y: Tensor, seed: Tensor): void {
    if (this.#dependent.has(y)) this.#arrive(y, seed);
  }

  walk(): void {
    for (const node of [...this.#nodes].reverse()) {
      const results = node.outputs.map((result) => (this.#stops.has(result) ? undefined : this.#sum(result)));
      if (results.every((result) => result === undefined)) continue;
      if (node.op.differentiable === 'no') this.#refuse(node);
      const made = node.graph.withNameScope(`${node.name}_grad`, () =>
        node.op.grad(vocabulary, node, results, this.#value),
      );
      for (const [i, tensor] of node.inputs.entries()) {
        const gradient = made[i];
        if (gradient === undefined || !this.#dependent.has(tensor)) continue;
        if (gradient.dtype !== tensor.dtype || !accepts(tensor.shape, gradient.shape)) {
          throw new InternalError(
            `${node.op.name} (${node.name}): the gradient of ${node.op.inputs[i]} is ${typeText(gradient)}, expected ${typeText(tensor)}.`,
            { op: node.op.name, node: node.name },
          );
        }
        if (!this.#cameFrom.has(tensor)) this.#cameFrom.set(tensor, node);
        this.#arrive(tensor, gradient);
      }
    }
  }

  /** @throws GradientError where nothing has arrived */
  gradientOf(x: Tensor): Tensor {
    const gradient = this.#sum(x);
    if (gradient !== undefined) return gradient;
    throw new GradientError(
      `gradients: ${this.#ys.map((y) => y.name).join(', ')} ${this.#ys.length > 1 ? 'do' : 'does'} not depend on ${x.name} in a way that can be differentiated.`,
      { node: x.name, hint: `leave ${x.name} out of xs.` },
    );
  }

  #arrive(tensor: Tensor, gradient: Tensor): void {
    const list = this.#arrived.get(tensor);
    if (list === undefined) this.#arrived.set(tensor, [gradient]);
    else list.push(gradient);
  }

  #sum(tensor: Tensor): Tensor | undefined {
    const list = this.#arrived.get(tensor);
    if (list === undefined) return undefined;
    const sum = list.reduce((before, gradient) => vocabulary.add(before, gradient));
    this.#arrived.set(tensor, [sum]);
    return sum;
  }

  #refuse(node: Node): never {
    const path = [node];
    for (let at: Node | undefined = node; at !== undefined; ) {
      const next: Node | undefined = at.outputs
        .map((result) => this.#cameFrom.get(result))
        .find((n) => n !== undefined);
      if (next !== undefined) path.unshift(next);
      at = next;
    }
    throw new GradientError(
      `gradients: ${node.op.name} (${node.name}) has no gradient: ${node.op.withoutGradient}; the path to it is ${path.map((n) => n.name).join(' <- ')}.`,
      {
        op: node.op.name,
        node: node.name,
        hint: 'name one of its inputs in stopGradients, put stopGradient before it, or leave it out of what ys need.',
      },
    );
  }
}
