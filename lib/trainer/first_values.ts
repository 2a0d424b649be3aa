/** The values with which a training begins. */
import { openCheckpoint } from '../checkpoint/index.js';
import { defined } from '../core/options.js';
import { publishedCheckpoint } from '../model/index.js';
import { isOwn } from '../model/own_network.js';
import { weightsOf } from '../model/weights/network_weights.js';
import { namedWeights } from '../model/weights/onnx/named_weights.js';
import { loadAddon } from '../native/binding.js';
import type { Session } from '../runtime/index.js';
import type { CheckedOptions } from './options.js';
import { assertFound, type TrainedEntry, type TrainingGraph } from './training_graph.js';

/**
 * Draws all variables, then restores those of the network that are wanted; averages begin as what they are averages of.
 * @throws ArgumentError for scopes that name nothing; what fetching published weights throws; CheckpointError when the weights do not fit
 */
export async function giveFirstValues(
  session: Session,
  entry: TrainedEntry,
  { modelVariables, averages }: TrainingGraph,
  {
    checkpoint: given,
    weights,
    excludeScopes,
    ignoreMissing,
    layout,
  }: Pick<CheckedOptions, 'checkpoint' | 'weights' | 'excludeScopes' | 'ignoreMissing' | 'layout'>,
): Promise<void> {
  assertFound('excludeScopes', excludeScopes, modelVariables);
  const checkpoint = weights === undefined ? given : await publishedCheckpoint(entry, weights);
  await session.initialize();
  if (checkpoint === undefined) return;
  const opened = await openCheckpoint(checkpoint, { crc32c: loadAddon().crc32c });
  try {
    const reader = namedWeights(opened, entry);
    const nameMap = isOwn(entry) ? undefined : weightsOf(entry, reader, defined({ layout })).nameMap;
    const variables = modelVariables.filter(({ name }) => !excludeScopes.some((scope) => name.startsWith(scope)));
    await session.restore(reader, defined({ variables, ignoreMissing, nameMap }));
  } finally {
    await opened.close();
  }
  await session.assignFrom(session, new Map([...averages].map(([variable, average]) => [average, variable])));
}
