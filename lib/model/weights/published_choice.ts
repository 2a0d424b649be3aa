/** Published weights as an option, beside a checkpoint. */
import { describe } from '../../core/dtype.js';
import { ArgumentError, advice } from '../../errors.js';
import { type FetchWeightsOptions, fetchWeights } from '../../published/index.js';
import type { NetworkEntry, NetworkName } from '../../slim/nets/registry.js';
import { isOwn, type OwnEntry } from '../own_network.js';

/** Which published weights, and how they are fetched. */
export type PublishedWeightsChoice = 'imagenet' | (FetchWeightsOptions & { readonly name: 'imagenet' });

/**
 * The checkpoint that a choice of published weights stands for; it is fetched where it is not kept already.
 * @throws ArgumentError for another choice, and for networks that have no published weights; what `fetchWeights` throws
 */
export async function publishedCheckpoint(
  entry: NetworkEntry | OwnEntry,
  weights: PublishedWeightsChoice,
): Promise<string> {
  if (isOwn(entry))
    throw new ArgumentError('weights: there are published weights of the networks of the registry alone.', {
      hint: advice`pass ${'checkpoint'}.`,
    });
  const { name, ...how } = typeof weights === 'object' && weights !== null ? weights : { name: weights };
  if (name !== 'imagenet')
    throw new ArgumentError(`weights: expected imagenet, received ${describe(name)}.`, {
      hint: advice`pass a file as ${'checkpoint'}.`,
    });
  return (await fetchWeights(entry.name as NetworkName, how)).path;
}
