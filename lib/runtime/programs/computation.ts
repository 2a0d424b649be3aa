/** What a caller asks for: fetches and updates of one graph, and the placeholders that they need. */
import { describe } from '../../core/dtype.js';
import { type Graph, Tensor, type TrainingUpdates } from '../../core/graph.js';
import { reachable } from '../../core/traversal.js';
import { ArgumentError } from '../../errors.js';
import { placeholdersOf, updatesOf } from '../../plan/encode.js';

export interface Computation {
  /** Equal keys mean equal computations, as long as the graph is not added to. */
  readonly key: string;
  readonly fetches: ReadonlyMap<string, Tensor>;
  readonly updates: readonly Tensor[];
  readonly placeholders: readonly Tensor[];
  /** What it leaves out of training: updates that go with layers which it computes as in training. */
  readonly updatesLeftOut: readonly TrainingUpdates[];
}

/** The key of a computation, without working out what it needs. @throws ArgumentError for what is no tensor of the graph */
export function computationKey(graph: Graph, fetches: unknown, updates: unknown): string {
  if (fetches === null || typeof fetches !== 'object' || Array.isArray(fetches) || fetches instanceof Tensor) {
    throw new ArgumentError(`Expected the tensors to fetch by name, received ${describe(fetches)}.`, {
      hint: 'run(feeds, { logits: net }).',
    });
  }
  if (!Array.isArray(updates))
    throw new ArgumentError(`updates: expected an array of tensors, received ${describe(updates)}.`);
  let key = `${graph.nodes.length}`;
  for (const [name, tensor] of Object.entries(fetches))
    key += `|${JSON.stringify(name)}=${tensorKey(graph, `fetch ${name}`, tensor)}`;
  for (const tensor of updates) key += `|!${tensorKey(graph, 'updates', tensor)}`;
  return key;
}

/** The computation for arguments that `computationKey` has checked. */
export function makeComputation(
  graph: Graph,
  key: string,
  fetches: Readonly<Record<string, Tensor>>,
  updates: readonly Tensor[],
): Computation {
  const map = new Map(Object.entries(fetches));
  if (map.size === 0 && updates.length === 0) {
    throw new ArgumentError('Nothing is asked for: expected at least one fetch or one update.');
  }
  return {
    key,
    fetches: map,
    updates: [...updates],
    placeholders: placeholdersOf(graph, [...map.values(), ...updates]),
    updatesLeftOut: updatesLeftOut(graph, [...map.values(), ...updates]),
  };
}

/**
 * Where only the run knows whether it trains, one that changes variables does. Who fetches what an update would follow, the statistics of the
 * batch, takes care of it.
 */
function updatesLeftOut(graph: Graph, roots: readonly Tensor[]): TrainingUpdates[] {
  if (graph.trainingUpdates.length === 0) return [];
  const nodes = new Set(reachable(graph, roots));
  const fetched = new Set(roots);
  const trains = updatesOf(graph, roots).length > 0;
  return graph.trainingUpdates
    .filter(({ output, always }) => nodes.has(output.node) && (always || trains))
    .filter(
      ({ updates }) =>
        !updates.every(({ node }) => nodes.has(node) || node.inputs.some((tensor) => fetched.has(tensor))),
    );
}

function tensorKey(graph: Graph, what: string, tensor: unknown): string {
  if (!(tensor instanceof Tensor))
    throw new ArgumentError(`${what}: expected a tensor of the graph, received ${describe(tensor)}.`);
  if (tensor.graph !== graph)
    throw new ArgumentError(`${what}: ${tensor.name} belongs to another graph.`, { node: tensor.name });
  return `${tensor.node.id}:${tensor.index}`;
}
