/** Which values of a file the variables of a network get. */
import { isDeepStrictEqual } from 'node:util';
import type { StoredParameter } from './file_layers.js';
import type { Layer } from './layers.js';
import type { VariableName } from './network_layers.js';

/** How the values of a variable come about. */
export type Derivation =
  | { readonly kind: 'stored'; readonly from: StoredParameter }
  | { readonly kind: 'constant'; readonly value: number }
  /** `from` null: zeros. */
  | { readonly kind: 'difference'; readonly from: StoredParameter | null; readonly minus: StoredParameter }
  | { readonly kind: 'shifted'; readonly from: StoredParameter; readonly by: number };

/** What pairs of layers come to. */
export interface Derived {
  readonly variables: Map<string, Derivation>;
  /** Layers of the network whose batch normalization the file has folded into a convolution. */
  readonly folded: Set<Layer<VariableName>>;
}

const stored = (from: StoredParameter): Derivation => ({ kind: 'stored', from });
const constant = (value: number): Derivation => ({ kind: 'constant', value });
const storedOr = (from: StoredParameter | null, value: number) => (from === null ? constant(value) : stored(from));

/**
 * Adds the variables of a layer, given the layer of the file that computes the same.
 * @returns why their parameters do not fit; null where they do
 */
export function deriveVariables(
  network: Layer<VariableName>,
  file: Layer<StoredParameter>,
  derived: Derived,
): string | null {
  let twice: string | null = null;
  const set = (name: VariableName, derivation: Derivation): boolean => {
    if (name === null) return false;
    const before = derived.variables.get(name) ?? derivation;
    if (!isDeepStrictEqual(before, derivation)) twice = name;
    derived.variables.set(name, before);
    return true;
  };
  const reason = derive(network, file, set, derived.folded);
  return reason ?? (twice === null ? null : `would get two different values for ${twice} from the file`);
}

/** @param set gives a variable its values; false for what is no variable */
function derive(
  network: Layer<VariableName>,
  file: Layer<StoredParameter>,
  set: (name: VariableName, derivation: Derivation) => boolean,
  folded: Derived['folded'],
): string | null {
  if (network.weights) set(network.weights, stored(file.weights as StoredParameter));
  const { norm, biases } = network;
  if (norm === undefined) {
    if (file.norm !== undefined && network.weights !== undefined)
      return 'has a batch normalization behind it in the file, and none here';
    if (biases) set(biases, file.biases === undefined ? constant(0) : stored(file.biases));
    return file.biases !== undefined && !biases ? 'has biases in the file, and none here' : null;
  }
  const { scale, offset, mean, variance, epsilon } = norm;
  if (biases) set(biases, constant(0));
  const theirs = file.norm;
  if (theirs === undefined) {
    // y = 1 (x - 0) / sqrt(1 - epsilon + epsilon) + biases
    folded.add(network);
    set(scale, constant(1));
    set(mean, constant(0));
    set(variance, constant(1 - epsilon));
    const fits = set(offset, file.biases === undefined ? constant(0) : stored(file.biases));
    return fits || file.biases === undefined ? null : 'has biases in the file, and its batch normalization none here';
  }
  if (!set(offset, storedOr(theirs.offset, 0)) || !set(scale, stored(theirs.scale)))
    return 'has a batch normalization with scales and biases in the file, and one without here';
  // Biases before a normalization only move the mean that it takes away.
  set(
    mean,
    file.biases === undefined
      ? storedOr(theirs.mean, 0)
      : { kind: 'difference', from: theirs.mean, minus: file.biases },
  );
  if (theirs.variance === null) {
    set(variance, constant(1 - epsilon));
    return null;
  }
  // Files keep the number as a float32.
  const by = Math.fround(theirs.epsilon) === Math.fround(epsilon) ? 0 : theirs.epsilon - epsilon;
  set(variance, by === 0 ? stored(theirs.variance) : { kind: 'shifted', from: theirs.variance, by });
  return null;
}
