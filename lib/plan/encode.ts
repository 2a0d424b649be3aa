import type { dtypes } from '../core/dtype.js';
import { randomStepOf } from '../core/global_step.js';
import type { Graph, Node, Tensor, Variable } from '../core/graph.js';
import { type AttrKind, type AttrValue, ints, shapeAttr } from '../core/op.js';
import { type ConcreteShape, type ConcreteType, typeText } from '../core/shape.js';
import { concreteTypes, described, reachable, readsOf } from '../core/traversal.js';
import { PlanError } from '../errors.js';
import { withNewValues } from './new_values.js';
import { type PlanPrecision, precisionLines } from './precision.js';
import { planLimits, planVersion } from './schema.js';

/** A plan: everything that crosses to native code about a computation. */
export interface Plan {
  /** Canonical text; equal computations on equal shapes give equal text. */
  readonly text: string;
  /** Inputs in the order in which their data is handed over. */
  readonly inputs: readonly { readonly name: string; readonly type: ConcreteType }[];
  /** Results in the order of the fetches. */
  readonly outputs: readonly { readonly name: string; readonly type: ConcreteType }[];
  /** Variables that the plan reads or updates, the step of random ops among them. */
  readonly variables: readonly Variable[];
  /** Runs change variables. */
  readonly hasUpdates: boolean;
}

/** Which part of a plan runs on a few images of the batch at a time, where the compiler is not to choose: for measurements and tests. */
export type PlanSplit = 'never' | { readonly steps: number; readonly images: number };

/** What to compute: a name for each result, and update ops whose value nobody asks for. */
export interface PlanRequest {
  readonly graph: Graph;
  readonly fetches: ReadonlyMap<string, Tensor>;
  /** Run for their effect (moving averages, counts of metrics): tensors that change variables, or that are computed from such. */
  readonly updates?: readonly Tensor[];
  /** Concrete shapes of the inputs by placeholder name, for inputs with unknown dimensions. */
  readonly shapes?: ReadonlyMap<string, ConcreteShape>;
  /** Float32 unless told. */
  readonly precision?: PlanPrecision;
  /** What compiles the plan chooses unless told. */
  readonly split?: PlanSplit;
  /** New values of variables are written over the old ones, at the end of a run. Default false. */
  readonly updatesInPlace?: boolean;
}

/**
 * Writes the part of a graph that the fetches need as a plan. Shapes are inferred anew from the inputs' concrete shapes, so
 * every shape in a plan is known.
 * @throws PlanError when nothing is asked for, an update changes no variable, or a limit is passed; ShapeError when a shape stays
 * unknown or does not fit.
 */
export function encode(request: PlanRequest): Plan {
  const { graph, fetches, updates = [], shapes = new Map(), precision = { precision: 'float32' }, split } = request;
  if (fetches.size === 0 && updates.length === 0) throw new PlanError('A plan needs at least one fetch or update.');
  const { nodes, newValues } = withNewValues(nodesOf(graph, [...fetches.values(), ...updates]));
  const idle = updates.find(
    (tensor) => !changesVariables(tensor.node) && !reachable(graph, [tensor]).some(changesVariables),
  );
  if (idle !== undefined)
    throw new PlanError(`The update ${idle.name} changes no variable.`, {
      op: idle.node.op.name,
      node: idle.node.name,
    });
  const effects = nodes.filter(changesVariables).map((node) => node.outputs[0] as Tensor);
  if (nodes.length > planLimits.nodes)
    throw new PlanError(`The plan has ${nodes.length} nodes, the limit is ${planLimits.nodes}.`);

  const types = concreteTypes(nodes, shapes);
  const ids = new Map<Tensor, number>();
  const meant = (tensor: Tensor): Tensor => newValues.get(tensor) ?? tensor;
  const idOf = (tensor: Tensor): number => ids.get(meant(tensor)) as number;
  const lines = [`slimnet.plan ${planVersion}`];
  const inputs: { name: string; type: ConcreteType }[] = [];
  const variables: Variable[] = [];
  for (const node of nodes) {
    const inputTypes = node.inputs.map((t) => types.get(t) as ConcreteType);
    const outputs = node.outputs.map((t) => types.get(t) as ConcreteType);
    for (const tensor of node.outputs) ids.set(tensor, ids.size);
    if (node.op.name === 'input') inputs.push({ name: node.attrs.name as string, type: outputs[0] as ConcreteType });
    if (node.variable !== null) variables.push(node.variable);
    lines.push(nodeLine(node, planAttrs(node, inputTypes), idOf, outputs));
  }
  for (const [name, tensor] of fetches) lines.push(`output ${quote(name)} %${idOf(tensor)}`);
  for (const tensor of effects) lines.push(`update %${idOf(tensor)}`);
  lines.push(...precisionLines(precision, quote));
  if (split !== undefined) lines.push(split === 'never' ? 'split never' : `split ${split.steps} ${split.images}`);
  if (request.updatesInPlace === true && effects.length > 0) lines.push('updates in_place');
  const step = nodes.some(isRandom) ? randomStepOf(graph) : null;
  if (step !== null) {
    lines.push(`random_step ${quote(step.name)}`);
    if (!variables.includes(step)) variables.push(step);
  }
  const outputs = [...fetches].map(([name, tensor]) => ({ name, type: types.get(meant(tensor)) as ConcreteType }));
  return { text: `${lines.join('\n')}\n`, inputs, outputs, variables, hasUpdates: effects.length > 0 };
}

/** Nodes that run, and the placeholders of which only the shape is needed: they are fed with all others. */
function nodesOf(graph: Graph, roots: readonly Tensor[]): Node[] {
  const running = reachable(graph, roots);
  const runs = new Set(running);
  return described(graph, running).filter((node) => runs.has(node) || node.op.name === 'input');
}

function changesVariables(node: Node): boolean {
  return node.op.updates.length > 0;
}

function isRandom(node: Node): boolean {
  return node.op.traits.random;
}

/** Nodes that change variables and that a computation runs, in node order. */
export function updatesOf(graph: Graph, roots: readonly Tensor[]): Node[] {
  return reachable(graph, roots).filter(changesVariables);
}

/** The placeholders that a computation needs, in node order. */
export function placeholdersOf(graph: Graph, roots: readonly Tensor[]): Tensor[] {
  return nodesOf(graph, roots)
    .filter((n) => n.op.name === 'input')
    .map((n) => n.outputs[0] as Tensor);
}

/** The attributes of a node as its plan has them, in their order. */
function planAttrs(node: Node, inputTypes: readonly ConcreteType[]): string[] {
  const { op } = node;
  const values = op.resolve(inputTypes, node.attrs);
  const own = Object.entries(op.attrs)
    .filter(([, kind]) => kind.kind !== 'oneOf')
    .map(([name, kind]) => `${name}=${attrText(kind, values[name] as AttrValue)}`);
  const shapes = op.shapeOnly.map((port) => {
    const { shape } = inputTypes[op.inputs.indexOf(port)] as ConcreteType;
    return `${shapeAttr(port)}=${attrText(ints(), shape)}`;
  });
  return [...own, ...shapes];
}

function nodeLine(
  node: Node,
  attrs: readonly string[],
  idOf: (tensor: Tensor) => number,
  types: readonly ConcreteType[],
): string {
  if (node.op.internal)
    throw new PlanError(`${node.op.name} is made by the compiler alone.`, { op: node.op.name, node: node.name });
  const left = node.outputs.map((t) => `%${idOf(t)}`).join(', ');
  const args = readsOf(node)
    .map((t) => `%${idOf(t)}`)
    .join(', ');
  return `${left} = ${node.op.name}(${args}) {${attrs.join(', ')}} @${quote(node.name)} : ${types.map(typeText).join(', ')}`;
}

function attrText(kind: AttrKind, value: AttrValue): string {
  if (kind.kind === 'string') return quote(value as string);
  if (kind.kind === 'dtype') return value as keyof typeof dtypes;
  if (Array.isArray(value)) return `[${value.map(numberText).join(',')}]`;
  return typeof value === 'number' ? numberText(value) : String(value);
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** A string in double quotes; only `"`, `\` and control characters are escaped, as \uXXXX or \" and \\. */
function quote(text: string): string {
  const escaped = text
    .replace(/["\\]/g, (c) => `\\${c}`)
    .replace(/[\u0000-\u001f\u007f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (Buffer.byteLength(escaped) > planLimits.nameBytes)
    throw new PlanError(`The name ${text.slice(0, 60)}... is longer than ${planLimits.nameBytes} bytes.`);
  return `"${escaped}"`;
}
