/** Whether a file's graph computes what a network computes, and the values of the variables where it does. */
import type { StoredParameter } from './file_layers.js';
import { inOrder, type Layer } from './layers.js';
import type { VariableName } from './network_layers.js';
import { type Derivation, type Derived, deriveVariables } from './parameters.js';

export type Comparison =
  | { readonly isSame: true; readonly variables: ReadonlyMap<string, Derivation>; readonly folded: number }
  | {
      readonly isSame: false;
      /** Layers that both have, from the images on: how near they are. */
      readonly common: number;
      /** Where the two differ, as the end of a sentence that begins with the network's name. */
      readonly difference: string;
    };

export function compareLayers(network: Layer<VariableName>, file: Layer<StoredParameter>): Comparison {
  if (network.id !== file.id) return { isSame: false, ...differenceOf(network, file) };
  const derived: Derived = { variables: new Map(), folded: new Set() };
  // Pairs: two layers of the file that agree so far may still have parameters of their own.
  const seen = new Map<Layer<VariableName>, Set<Layer<StoredParameter>>>();
  const open: [Layer<VariableName>, Layer<StoredParameter>][] = [[network, file]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [ours, theirs] = next;
    const partners = seen.get(ours) ?? new Set();
    if (partners.has(theirs)) continue;
    seen.set(ours, partners.add(theirs));
    const reason = deriveVariables(ours, theirs, derived);
    if (reason !== null)
      return { isSame: false, common: seen.size, difference: `has ${ours.text} (${ours.where}), which ${reason}` };
    // The summands of an addition stand in any order.
    const [a, b] = [byId(ours.inputs), byId(theirs.inputs)];
    a.forEach((layer, i) => {
      open.push([layer, b[i] as Layer<StoredParameter>]);
    });
  }
  return { isSame: true, variables: derived.variables, folded: derived.folded.size };
}

function byId<P>(layers: readonly Layer<P>[]): Layer<P>[] {
  return [...layers].sort((p, q) => p.id - q.id);
}

function differenceOf(network: Layer<VariableName>, file: Layer<StoredParameter>) {
  const [ours, theirs] = [inOrder(network), inOrder(file)];
  const [ourIds, theirIds] = [new Set(ours.map(({ id }) => id)), new Set(theirs.map(({ id }) => id))];
  const common = ours.filter(({ id }) => theirIds.has(id)).length;
  const mine = ours.find(({ id }) => !theirIds.has(id));
  const other = theirs.find(({ id }) => !ourIds.has(id));
  if (mine === undefined)
    return { common, difference: `ends with ${network.text} (${network.where}), and the file goes on` };
  const has = `has ${mine.text} (${mine.where})`;
  return {
    common,
    difference:
      other === undefined
        ? `${has} behind what the file ends with`
        : `${has} where the file has ${other.text} (${other.where})`,
  };
}
