import { currentGraph, type Tensor } from '../../core/graph.js';
import { addArgScope } from '../arg_scope.js';
import { GraphKeys, namePattern } from '../collections.js';
import { addN } from '../math.js';
import { requireTensor } from '../utils.js';

/** Options of `addLoss`. */
export interface AddLossOptions {
  /** null: nowhere. */
  lossCollection: string | null;
}

/**
 * Adds a loss that was computed elsewhere to a collection. The losses of this module add themselves with it, so an argument scope
 * of `addLoss` decides where they go.
 */
export const addLoss = addArgScope(
  'add_loss',
  { lossCollection: GraphKeys.losses } as AddLossOptions,
  (loss: Tensor, { lossCollection }: AddLossOptions): void => {
    requireTensor(loss, 'addLoss');
    if (lossCollection !== null) loss.graph.addToCollection(lossCollection, loss);
  },
);

/** The losses of the graph that is being built; those whose names begin with `scope` (a pattern) when given. */
export function getLosses(scope: string | null = null, lossCollection: string = GraphKeys.losses): Tensor[] {
  const losses = currentGraph().getCollection<Tensor>(lossCollection);
  if (scope === null) return losses;
  const pattern = namePattern(`^(?:${scope})`, 'getLosses');
  return losses.filter((loss) => pattern.test(loss.name));
}

/** The regularization losses of the graph that is being built; those whose names begin with `scope` (a pattern) when given. */
export function getRegularizationLosses(scope: string | null = null): Tensor[] {
  return getLosses(scope, GraphKeys.regularizationLosses);
}

/**
 * The sum of all losses and, unless told otherwise, of all regularization losses.
 * @throws ArgumentError when there are none
 */
export function getTotalLoss(addRegularizationLosses = true, name = 'total_loss'): Tensor {
  return addN([...getLosses(), ...(addRegularizationLosses ? getRegularizationLosses() : [])], name);
}
