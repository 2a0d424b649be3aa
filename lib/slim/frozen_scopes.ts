/** Parts of a network that training leaves as they are. */
import type { Graph } from '../core/graph.js';

const frozen = Symbol('frozen scopes');

function scopesOf(graph: Graph): Set<string> {
  return graph.state(frozen, () => new Set<string>());
}

/** Batch normalizations that are built below these names from now on use their moving statistics, and leave them alone. */
export function freezeScopes(graph: Graph, scopes: readonly string[]): void {
  for (const scope of scopes) scopesOf(graph).add(scope);
}

/** Whether a name begins with one of the frozen scopes. */
export function isFrozen(graph: Graph, name: string): boolean {
  return [...scopesOf(graph)].some((scope) => name.startsWith(scope));
}
