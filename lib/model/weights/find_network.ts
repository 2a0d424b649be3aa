/** Which network of the registry a checkpoint's weights are of, where that is beyond doubt. */
import { type CheckpointReader, matchVariables } from '../../checkpoint/index.js';
import { defined } from '../../core/options.js';
import { preprocessingFor } from '../../data/preprocessing.js';
import { advice, CheckpointError, isSlimnetError } from '../../errors.js';
import { type NetworkEntry, type NetworkName, network, networkNames } from '../../slim/nets/registry.js';
import { buildNetwork } from '../network_graph.js';
import { foreignLayouts } from './libraries.js';
import { assertOnePrefix, namingsIn, onlyOne } from './naming.js';
import { assertAllTaken, type NetworkWeights, slimPrefixes, type WantedNames, weightsOf } from './network_weights.js';

/**
 * The network whose weights a checkpoint holds. slimnet's own names tell it. Those of other libraries are the same for several networks:
 * there it is the one whose variables all have their tensors, in number and shape, and that has a use for all of them.
 * @param wanted what the caller knows of the names
 * @throws CheckpointError when that is none, or several are in the checkpoint
 */
export function findNetwork(reader: CheckpointReader, wanted: WantedNames = {}): NetworkName {
  assertOne(reader, wanted);
  const candidates = networkNames.flatMap((name) => {
    const weights = weightsIn(network(name), reader, wanted);
    return weights === null ? [] : [{ name, weights }];
  });
  const found = candidates.filter(
    ({ name, weights }) => weights.layout === 'slim' || fits(network(name), weights, reader),
  );
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only.name;
  const what =
    only === undefined
      ? 'are those of no network that is known here'
      : `are those of ${found.map(({ name }) => name).join(' and of ')}`;
  throw new CheckpointError(`The names and shapes of the weights ${what}.`, {
    path: reader.path,
    hint: advice([`say which network it is, `, `: one of ${networkNames.join(', ')}.`], 'model').or(
      `name the network: one of ${networkNames.join(', ')}.`,
    ),
  });
}

/** Several networks of one kind of names are told apart by the caller, not by their shapes. @throws CheckpointError */
function assertOne({ path, variables }: CheckpointReader, { layout: whose, prefix: wanted }: WantedNames): void {
  if (whose === undefined || whose === 'slim')
    for (const name of networkNames) assertOnePrefix(slimPrefixes(name, variables, wanted), path);
  if (whose === 'slim') return;
  const namings = namingsIn(variables).filter(({ prefix }) => wanted === undefined || prefix === wanted);
  for (const layout of foreignLayouts)
    onlyOne(
      namings.filter((naming) => naming.layout === layout),
      path,
    );
}

/** null: they are of another network. */
function weightsIn(entry: NetworkEntry, reader: CheckpointReader, wanted: WantedNames): NetworkWeights | null {
  try {
    const weights = weightsOf(entry, reader, wanted);
    return weights.classes === undefined ? null : weights;
  } catch (error) {
    if (isSlimnetError(error)) return null;
    throw error;
  }
}

function fits(entry: NetworkEntry, weights: NetworkWeights, reader: CheckpointReader): boolean {
  const spec = preprocessingFor(entry.preprocessing, entry.imageSize);
  const { graph } = buildNetwork(entry, weights.classes ?? 0, spec, 0);
  const { path, format, variables } = reader;
  const source = { path, format, tensors: variables };
  const plan = matchVariables([...graph.variables.values()], source, defined({ nameMap: weights.nameMap }));
  if (!plan.ok) return false;
  try {
    assertAllTaken(weights, plan, variables);
    return true;
  } catch (error) {
    if (isSlimnetError(error)) return false;
    throw error;
  }
}
