import { ArgumentError, ScopeError } from '../errors.js';
import type { DType, TypedArray } from './dtype.js';
import { type AppliedOp, type AttrSchema, type AttrsOf, type AttrValue, checkAttrs, type Op } from './op.js';
import { type ConcreteShape, checkShape, type Shape, type TensorType, typeText } from './shape.js';

/** One output of a node. `aliases` are the extra names under which end points find it. */
export class Tensor {
  readonly node: Node;
  readonly index: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly aliases: string[] = [];

  /** @internal Nodes make their tensors. */
  constructor(node: Node, index: number, type: TensorType) {
    this.node = node;
    this.index = index;
    this.dtype = type.dtype;
    this.shape = type.shape;
  }

  /** The op's name, with `:index` for outputs after the first. */
  get name(): string {
    return this.index === 0 ? this.node.name : `${this.node.name}:${this.index}`;
  }

  get graph(): Graph {
    return this.node.graph;
  }

  toString(): string {
    return `Tensor(${this.name}: ${typeText(this)})`;
  }
}

/** One operation of a graph. Nodes are never changed after they are made. */
export class Node {
  readonly graph: Graph;
  readonly id: number;
  readonly op: Op;
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly attrs: Readonly<Record<string, AttrValue>>;
  readonly outputs: readonly Tensor[];
  /** Stays null but for reads of a variable. */
  readonly variable: Variable | null;

  /** @internal Graph.add makes nodes. */
  constructor(
    graph: Graph,
    id: number,
    op: Op,
    name: string,
    inputs: readonly Tensor[],
    attrs: Readonly<Record<string, AttrValue>>,
    types: readonly TensorType[],
    variable: Variable | null,
  ) {
    this.graph = graph;
    this.id = id;
    this.op = op;
    this.name = name;
    this.inputs = inputs;
    this.attrs = attrs;
    this.variable = variable;
    this.outputs = types.map((type, i) => new Tensor(this, i, type));
  }
}

/** A distribution, and the state of the generator that draws from it. */
export interface Draw {
  /** `uniform`: location + scale * n with n an integer in [0, 2^24). `truncated_normal`: location + scale * z, |z| < 2. */
  readonly distribution: 'uniform' | 'truncated_normal';
  readonly location: number;
  readonly scale: number;
  /** Four words: a state of xoshiro128++. */
  readonly state: Uint32Array;
}

/** Draws the first value of a variable: row-major values for `shape`. The same seed gives the same bits everywhere. */
export interface InitialValue {
  (shape: ConcreteShape, dtype: DType): TypedArray;
  /** Where the values are drawn from a distribution: all that native code needs to draw the very same ones. */
  readonly draw?: () => Draw;
}

/** A named state that outlives a run: weights, statistics, counters. Its values live in a session's store. */
export interface Variable {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: ConcreteShape;
  readonly trainable: boolean;
  /** False for state that checkpoints leave out, such as the counters of metrics; true when not said. */
  readonly saved?: boolean;
  readonly initialValue: InitialValue;
  /** The value as a tensor of the graph. */
  readonly tensor: Tensor;
}

/** Updates that training runs with an output, such as those of a batch normalization's moving statistics. */
export interface TrainingUpdates {
  /** The layer and the collections that hold its updates, for messages. */
  readonly layer: string;
  readonly collections: readonly string[];
  readonly output: Tensor;
  readonly updates: readonly Tensor[];
  /** False where only the run knows whether it trains. */
  readonly always: boolean;
}

/** Options of a graph. */
export interface GraphOptions {
  /** Seed of all initial values and random ops that have none of their own. */
  seed?: number;
}

let building: Graph | null = null;

/** The graph that is being built. @throws ScopeError outside `graph.build`. */
export function currentGraph(): Graph {
  if (building === null) {
    throw new ScopeError('No graph is being built here.', {
      hint: 'call this inside graph.build(() => ...), before any await.',
    });
  }
  return building;
}

/** The graph that is being built, or null. */
export function currentGraphOrNull(): Graph | null {
  return building;
}

/** A dataflow graph: nodes in the order of their making, variables by name, collections. */
export class Graph {
  readonly seed: number;
  readonly nodes: Node[] = [];
  /** Variables in creation order. */
  readonly variables = new Map<string, Variable>();
  readonly #collections = new Map<string, unknown[]>();
  readonly #names = new Map<string, number>();
  readonly #states = new Map<symbol, unknown>();
  readonly #forcedUpdates = new Map<Node, Tensor[]>();
  readonly #trainingUpdates: TrainingUpdates[] = [];
  #nameScope = '';

  constructor(options: GraphOptions = {}) {
    const { seed = 0, ...rest } = options;
    const unknown = Object.keys(rest)[0];
    if (unknown !== undefined) throw new ArgumentError(`Graph has no option ${unknown}; it has seed.`);
    if (!Number.isSafeInteger(seed)) throw new ArgumentError(`Graph: seed: expected an integer, received ${seed}.`);
    this.seed = seed;
  }

  /**
   * Runs `body` with this graph as the one being built, and gives back what it returns. May be called again to add more.
   * @throws ScopeError when the body returns a promise: scopes are synchronous.
   */
  build<T>(body: () => T): T {
    const outer = building;
    building = this;
    try {
      return refusePromise(body(), 'graph.build');
    } finally {
      building = outer;
    }
  }

  /** State that a layer above keeps with this graph (scope stacks); made by `create` when first asked for. */
  state<T>(key: symbol, create: () => T): T {
    if (!this.#states.has(key)) this.#states.set(key, create());
    return this.#states.get(key) as T;
  }

  /**
   * Adds a node. Names are made unique inside the current name scope; a name that ends in `/` is the full name of an open name
   * scope, which the node takes for itself. Inputs must belong to this graph.
   */
  add(
    op: Op,
    inputs: readonly Tensor[],
    attrs: Readonly<Record<string, AttrValue>>,
    options: { name?: string; types?: readonly TensorType[]; variable?: Variable } = {},
  ): Node {
    const wanted = options.name ?? op.name;
    const name = wanted.endsWith('/') ? wanted.slice(0, -1) : this.uniqueName(wanted);
    checkAttrs(op, attrs);
    inputs.forEach((input, i) => {
      if (!(input instanceof Tensor)) {
        throw new ArgumentError(
          `${op.name} (${name}): input ${op.inputs[i] ?? i}: expected a Tensor, received ${String(input)}.`,
          { op: op.name, node: name },
        );
      }
      if (input.graph !== this) {
        throw new ScopeError(`${op.name} (${name}): input ${input.name} belongs to another graph.`, {
          op: op.name,
          node: name,
        });
      }
    });
    const types = options.types ?? op.infer(inputs, attrs, name);
    for (const type of types) checkShape(type.shape, `${op.name} (${name})`);
    const node = new Node(this, this.nodes.length, op, name, inputs, attrs, types, options.variable ?? null);
    this.nodes.push(node);
    return node;
  }

  /** The current name scope with a trailing slash, or ''. */
  get nameScope(): string {
    return this.#nameScope;
  }

  /** Runs `body` with op names below `scope`, which is made unique: `a/`, `a_1/`. A name that ends in `/` is entered as it is. */
  withNameScope<T>(scope: string, body: (fullName: string) => T): T {
    const outer = this.#nameScope;
    this.#nameScope = scope.endsWith('/') ? scope : scope === '' ? '' : `${this.uniqueName(scope)}/`;
    try {
      return refusePromise(body(this.#nameScope), 'a name scope');
    } finally {
      this.#nameScope = outer;
    }
  }

  /** A name that no node or name scope has yet, below the current name scope: `x`, `x_1`, ... */
  uniqueName(name: string): string {
    const full = `${this.#nameScope}${name}`;
    const key = full.toLowerCase();
    let count = this.#names.get(key);
    if (count === undefined) {
      this.#names.set(key, 1);
      return full;
    }
    while (this.#names.has(`${key}_${count}`)) count++;
    this.#names.set(`${key}_${count}`, 1);
    this.#names.set(key, count + 1);
    return `${full}_${count}`;
  }

  /** Registers a variable; `makeTensor` adds the node that reads it. @throws ScopeError when the name is taken. */
  addVariable(variable: Omit<Variable, 'tensor'>, makeTensor: (variable: Variable) => Tensor): Variable {
    if (this.variables.has(variable.name))
      throw new ScopeError(`Variable ${variable.name} already exists.`, { node: variable.name });
    // The node that reads a variable points at it, and it points at the node's tensor: one object, completed in two steps.
    const complete = { ...variable } as { -readonly [K in keyof Variable]: Variable[K] };
    complete.tensor = makeTensor(complete);
    this.variables.set(variable.name, complete);
    return complete;
  }

  /** From now on every computation that needs `tensor` runs `updates` too, though nothing reads their values. */
  forceUpdates(tensor: Tensor, updates: readonly Tensor[]): void {
    for (const t of [tensor, ...updates]) {
      if (t.graph !== this) throw new ScopeError(`${t.name} belongs to another graph.`, { node: t.name });
    }
    this.#forcedUpdates.set(tensor.node, [...this.forcedUpdates(tensor.node), ...updates]);
  }

  /** Updates that run whenever `node` runs. */
  forcedUpdates(node: Node): readonly Tensor[] {
    return this.#forcedUpdates.get(node) ?? [];
  }

  /** Says that training runs `updates` whenever it computes `output`; they are left to whoever trains. */
  noteTrainingUpdates(noted: TrainingUpdates): void {
    this.#trainingUpdates.push(noted);
  }

  /** What `noteTrainingUpdates` was told. */
  get trainingUpdates(): readonly TrainingUpdates[] {
    return this.#trainingUpdates;
  }

  /** Appends to a named collection. */
  addToCollection(name: string, item: unknown): void {
    const items = this.#collections.get(name);
    if (items === undefined) this.#collections.set(name, [item]);
    else items.push(item);
  }

  /** A copy of a named collection, in insertion order; empty when there is none. */
  getCollection<T = unknown>(name: string): T[] {
    return [...(this.#collections.get(name) ?? [])] as T[];
  }

  /** Empties a named collection. */
  clearCollection(name: string): void {
    this.#collections.delete(name);
  }

  /** Names of all collections. */
  get collectionNames(): string[] {
    return [...this.#collections.keys()];
  }

  /** The variable of this name. @throws ScopeError */
  variable(name: string): Variable {
    const found = this.variables.get(name);
    if (found === undefined)
      throw new ScopeError(`There is no variable ${name} in this graph of ${this.variables.size}.`, { node: name });
    return found;
  }
}

/** Applies an op to tensors of one graph and returns its outputs by port name. */
export function apply<const I extends readonly string[], const O extends readonly string[], const A extends AttrSchema>(
  op: AppliedOp<I, O, A>,
  inputs: { readonly [K in I[number]]: Tensor },
  attrs: AttrsOf<A>,
  name?: string,
): { readonly [K in O[number]]: Tensor } {
  const list = op.inputs.map((port) => (inputs as Readonly<Record<string, Tensor>>)[port] as Tensor);
  const graph = list[0] instanceof Tensor ? list[0].graph : currentGraph();
  const node = graph.add(op, list, attrs as Readonly<Record<string, AttrValue>>, name === undefined ? {} : { name });
  return Object.fromEntries(op.outputs.map((port, i) => [port, node.outputs[i]])) as {
    readonly [K in O[number]]: Tensor;
  };
}

/** Scopes are synchronous: a promise would let other code run inside them. */
export function refusePromise<T>(result: T, where: string): T {
  if (result !== null && typeof result === 'object' && typeof (result as { then?: unknown }).then === 'function') {
    throw new ScopeError(`The body of ${where} returned a promise; scopes are synchronous.`, {
      hint: 'build the graph without await, and await session.run afterwards.',
    });
  }
  return result;
}
