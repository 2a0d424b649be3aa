/** What stands in a plan for the values that variables will have when the run has ended (`lib/ops/new_value.ts`). */
import type { Node, Tensor, Variable } from '../core/graph.js';
import { readsOf } from '../core/traversal.js';
import { InternalError, PlanError } from '../errors.js';

/** The nodes of a plan in an order in which it can hold them, and what each tensor of a new value is. */
export interface OrderedNodes {
  readonly nodes: readonly Node[];
  /** Result of a `new_value` -> the result of the last update of its variable, or what reads the variable. */
  readonly newValues: ReadonlyMap<Tensor, Tensor>;
}

/**
 * Moves what is computed from new values behind the updates that make them; all else stays in the order in which it was made.
 * @throws PlanError where an update of a variable needs that variable's new value
 */
export function withNewValues(nodes: readonly Node[]): OrderedNodes {
  const newValues = new Map<Tensor, Tensor>();
  if (!nodes.some(isNewValue)) return { nodes, newValues };
  const ordered: Node[] = [];
  const last = new Map<Variable, Tensor>();
  for (let waiting = [...nodes]; waiting.length > 0; ) {
    const held = heldBack(waiting);
    const ready = waiting.filter((node) => !held.has(node));
    if (ready.length === 0) throw circular(waiting);
    for (const node of ready) {
      if (isNewValue(node)) {
        const variable = variableOf(node.inputs[0] as Tensor);
        newValues.set(node.outputs[0] as Tensor, last.get(variable) ?? variable.tensor);
        continue;
      }
      for (const [i, variable] of changedBy(node).entries()) last.set(variable, node.outputs[i] as Tensor);
      ordered.push(node);
    }
    waiting = waiting.filter((node) => held.has(node));
  }
  return { nodes: ordered, newValues };
}

/** What cannot run before all of `nodes` have: new values of variables that they change, and what is computed from these. */
function heldBack(nodes: readonly Node[]): Set<Node> {
  const changed = new Set(nodes.flatMap(changedBy));
  const held = new Set<Node>();
  for (const node of nodes) {
    const waits = isNewValue(node) && changed.has(variableOf(node.inputs[0] as Tensor));
    if (waits || readsOf(node).some((tensor) => held.has(tensor.node))) held.add(node);
  }
  return held;
}

function isNewValue(node: Node): boolean {
  return node.op.name === 'new_value';
}

/** The variables that a node changes, in the order of its results. */
function changedBy(node: Node): Variable[] {
  return node.op.updates.map((port) => variableOf(node.inputs[node.op.inputs.indexOf(port)] as Tensor));
}

/** The variable that a tensor is the value of: read from it, or made of it by updates. */
function variableOf(tensor: Tensor): Variable {
  const { node } = tensor;
  if (node.variable !== null) return node.variable;
  const port = node.op.updates[tensor.index];
  if (port === undefined)
    throw new PlanError(`${tensor.name} is no value of a variable.`, { op: node.op.name, node: node.name });
  return variableOf(node.inputs[node.op.inputs.indexOf(port)] as Tensor);
}

function circular(nodes: readonly Node[]): PlanError | InternalError {
  const read = nodes.find(isNewValue);
  if (read === undefined) return new InternalError('The nodes of a plan stand in a circle.');
  const { name } = variableOf(read.inputs[0] as Tensor);
  return new PlanError(`What changes ${name} needs the value that ${name} will have then.`, { node: name });
}
