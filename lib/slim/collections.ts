import { describe } from '../core/dtype.js';
import { currentGraph, type Graph, Tensor } from '../core/graph.js';
import { ArgumentError } from '../errors.js';

/** Names of the standard collections. */
export const GraphKeys = {
  /** Every variable but the local ones: what checkpoints hold. */
  globalVariables: 'variables',
  /** State that checkpoints leave out, such as the counters of metrics. */
  localVariables: 'local_variables',
  trainableVariables: 'trainable_variables',
  /** Every variable that a layer makes. */
  modelVariables: 'model_variables',
  /** One scalar for each regularized variable. */
  regularizationLosses: 'regularization_losses',
  /** Two tensors for each batch normalization in training mode: mean, then variance. */
  updateOps: 'update_ops',
  /** One scalar for each loss. */
  losses: 'losses',
  /** Those local variables that hold the state of metrics. */
  metricVariables: 'metric_variables',
  globalStep: 'global_step',
  /** What `slim.learning.createTrainOp` has made. */
  trainOp: 'train_op',
  /** Variables of which there are moving averages. */
  movingAverageVariables: 'moving_average_variables',
} as const;

/** One collection, several, or none. */
export type CollectionNames = string | readonly string[] | null;

/** Checks and lists collection names. @throws ArgumentError */
export function collectionList(names: unknown, where: string): readonly string[] {
  if (names === null || names === undefined) return [];
  const list: readonly unknown[] = Array.isArray(names) ? names : [names];
  for (const name of list) {
    if (typeof name !== 'string')
      throw new ArgumentError(`${where}: expected names of collections, received ${describe(name)}.`);
  }
  return list as readonly string[];
}

/** Appends `item` to collections that do not hold it yet. */
export function addToCollections(graph: Graph, names: readonly string[], item: unknown): void {
  for (const name of new Set(names)) {
    if (!graph.getCollection(name).includes(item)) graph.addToCollection(name, item);
  }
}

/**
 * Gives a tensor an alias (one trailing slash is cut off) and appends it to collections; does neither when there are none.
 * @returns the tensor
 */
export function collectNamedOutputs(collections: CollectionNames, alias: string, tensor: Tensor): Tensor {
  const names = collectionList(collections, 'outputsCollections');
  if (names.length === 0) return tensor;
  tensor.aliases.push(alias.endsWith('/') ? alias.slice(0, -1) : alias);
  for (const name of names) tensor.graph.addToCollection(name, tensor);
  return tensor;
}

/**
 * The tensors of a collection of the graph that is being built, by alias, in the order of their collecting. A tensor
 * without an alias stands under its own name.
 */
export function convertCollectionToDict(
  collection: string,
  options: { readonly clear?: boolean } = {},
): Record<string, Tensor> {
  const graph = currentGraph();
  const dict = new Map<string, Tensor>();
  for (const item of graph.getCollection(collection)) {
    if (!(item instanceof Tensor))
      throw new ArgumentError(`The collection ${collection} holds something that is no tensor: ${describe(item)}.`);
    for (const alias of item.aliases.length === 0 ? [item.name] : item.aliases) dict.set(alias, item);
  }
  if (options.clear === true) graph.clearCollection(collection);
  return Object.fromEntries(dict);
}

/** A pattern that names of variables and tensors are matched with. @throws ArgumentError when it is no regular expression */
export function namePattern(pattern: string, where: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (cause) {
    throw new ArgumentError(`${where}: ${JSON.stringify(pattern)} is no regular expression.`, { cause });
  }
}
