/** Which tensors of a checkpoint are the weights of a network of the registry. */
import { type NameMap, type RestorePlan, type TensorInfo, withAverages } from '../../checkpoint/index.js';
import { averagedVariable } from '../../checkpoint/restore/moving_averages.js';
import { advice, CheckpointError } from '../../errors.js';
import { type NetworkEntry, network, networkNames } from '../../slim/nets/registry.js';
import { assertForm, type OtherForm } from './config_beside.js';
import { type Library, libraries, type WeightLayout } from './libraries.js';
import { assertOnePrefix, logitsOf, type Naming, nameMapOf, namingsIn, onlyOne } from './naming.js';

type Tensors = ReadonlyMap<string, TensorInfo>;

/** A checkpoint's table of contents. */
export interface WeightSource {
  readonly path: string;
  /** By the names of the variables. */
  readonly variables: Tensors;
  /** True where the names come from the objects of a TensorFlow 2 checkpoint. */
  readonly isObjectBased: boolean;
}

/** What the caller knows of the names. */
export interface WantedNames {
  readonly layout?: WeightLayout | undefined;
  readonly prefix?: string | undefined;
}

/** The weights of a network in a checkpoint. */
export interface NetworkWeights {
  readonly layout: WeightLayout;
  /** What stands before all names, such as `module.`; '' where nothing does. */
  readonly prefix: string;
  readonly nameMap: NameMap | undefined;
  /** Classes of the logits; 0: the weights have none; undefined: nothing of the network was found. */
  readonly classes: number | undefined;
  /** What a config.json beside the weights may say against the network. */
  readonly otherForm?: OtherForm | undefined;
}

/**
 * Finds the weights of a network: under slimnet's names or those of the library whose networks have its form, below any prefix.
 * @throws CheckpointError when they are those of another network, of several kinds or several networks, or nothing that is known
 */
export function weightsOf(entry: NetworkEntry, source: WeightSource, wanted: WantedNames = {}): NetworkWeights {
  assertNetwork(entry.name, source);
  const { path, variables } = source;
  const namings = namingsIn(variables).filter(({ prefix }) => wanted.prefix === undefined || prefix === wanted.prefix);
  const own = slimPrefixes(entry.name, variables, wanted.prefix);
  const layout = layoutOf(own.length > 0, namings, source, wanted.layout);
  if (layout !== 'slim' && layout !== entry.library) throw otherForm(entry.name, layout, path);
  if (layout !== 'slim') {
    const naming = onlyOne(
      namings.filter((found) => found.layout === layout),
      path,
    );
    if (naming !== undefined) return foreignWeights(naming, variables);
  }
  if (own.length === 0) assertKnown(entry, source, wanted);
  assertOnePrefix(own, path);
  return slimWeights(entry, variables, own);
}

/**
 * `weightsOf` for a checkpoint that is to be loaded, with moving averages in place of the variables where these are wanted.
 * @param isFile false: it is in memory, and nothing is beside it
 * @throws CheckpointError as `weightsOf`, where there are no averages, and where a config.json beside the file tells of another form
 */
export async function weightsToLoad(
  entry: NetworkEntry,
  { path, variables: tensors, isObjectBased }: WeightSource,
  isFile: boolean,
  { useMovingAverages = false, ...wanted }: WantedNames & { readonly useMovingAverages?: boolean | undefined },
): Promise<NetworkWeights> {
  const variables = useMovingAverages ? withAverages({ path, tensors }) : tensors;
  const weights = weightsOf(entry, { path, variables, isObjectBased }, wanted);
  if (isFile && weights.otherForm !== undefined) await assertForm(entry.name, path, weights.otherForm);
  return weights;
}

/** The layout that is wanted, or else the one that the names show; slimnet's own where they show nothing. */
function layoutOf(
  isOwn: boolean,
  namings: readonly Naming[],
  { path }: WeightSource,
  wanted: WeightLayout | undefined,
): WeightLayout {
  if (wanted !== undefined) return wanted;
  const found: WeightLayout[] = [...new Set(namings.map(({ layout }) => layout))];
  if (isOwn) found.unshift('slim');
  if (found.length > 1) {
    throw new CheckpointError(`The tensors have names of ${found.join(' and of ')}.`, {
      path,
      hint: advice`say whose to take, as in ${['layout', found[0]]}.`,
    });
  }
  return found[0] ?? 'slim';
}

function otherForm(name: string, layout: WeightLayout, path: string): CheckpointError {
  const others = networkNames.filter((other) => network(other).library === layout);
  return new CheckpointError(`Expected the weights of ${name}, these are named as ${layout} does.`, {
    path,
    hint: `its networks stride and pad elsewhere: load the one that they are of, ${others.join(', ')}.`,
  });
}

function foreignWeights(naming: Naming, tensors: Tensors): NetworkWeights {
  const { layout, prefix } = naming;
  const logits = logitsOf(naming, tensors);
  const classes = logits === null ? 0 : tensors.get(logits.biases)?.shape[0];
  return { layout, prefix, nameMap: nameMapOf(naming, tensors), classes, otherForm: naming.vocabulary.otherForm };
}

/**
 * What stands before slimnet's own names, once for each network in the checkpoint: found by the first convolution, or by any variable
 * where there is nothing before it.
 */
export function slimPrefixes(name: string, tensors: Tensors, wanted: string | undefined): string[] {
  const found = new Set<string>();
  const first = new RegExp(`^(.*[/.])?${name}/conv1/(?:conv1_1/)?weights$`);
  for (const tensor of tensors.keys()) {
    const prefix = tensor.startsWith(`${name}/`) ? '' : first.exec(tensor)?.[1];
    if (prefix !== undefined && (wanted === undefined || prefix === wanted)) found.add(prefix);
  }
  // Variables of an optimizer, say, have names that end as those of the weights.
  return [...found].filter((prefix) => ![...found].some((other) => other !== prefix && prefix.endsWith(other)));
}

function slimWeights({ name, logitsBiases }: NetworkEntry, tensors: Tensors, own: readonly string[]): NetworkWeights {
  const [prefix = ''] = own;
  const biases = `${prefix}${name}/${logitsBiases}`;
  const weights = biases.replace(/biases$/, 'weights');
  const stored = tensors.get(biases)?.shape[0] ?? tensors.get(weights)?.shape.at(-1);
  const classes = stored ?? (own.length > 0 ? 0 : undefined);
  return { layout: 'slim', prefix, nameMap: prefix === '' ? undefined : (variable) => prefix + variable, classes };
}

/** @throws CheckpointError when the checkpoint is one of another network of the registry */
function assertNetwork(name: string, { path, variables }: WeightSource): void {
  const found = networkNames.filter((other) => [...variables.keys()].some((tensor) => tensor.startsWith(`${other}/`)));
  if (found.length === 0 || found.some((other) => other === name)) return;
  throw new CheckpointError(`Expected the weights of ${name}, these are of ${found.join(', ')}.`, {
    path,
    hint: advice([`load the model ${found[0]}: `, '.'], ['model', found[0]]).or(`load the model ${found[0]}.`),
  });
}

/** Some names of a checkpoint, for a message. */
function someOf(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return names.slice(0, 5).join(', ') + more;
}

/** @throws CheckpointError where nothing is under the prefix that is wanted, and for objects of another program */
function assertKnown({ name }: NetworkEntry, source: WeightSource, { prefix }: WantedNames): void {
  const { path, variables, isObjectBased } = source;
  if (prefix !== undefined && prefix !== '') {
    const others = [...new Set(namingsIn(variables).map((naming) => naming.prefix))].filter((other) => other !== '');
    throw new CheckpointError(`No weights of ${name} are under the prefix ${JSON.stringify(prefix)}.`, {
      path,
      hint:
        others.length === 0
          ? advice`leave out ${'prefix'}.`
          : advice(['there are some under ', '.'], ['prefix', others[0] as string]),
    });
  }
  assertNotAverages(source);
  if (!isObjectBased) return;
  const numbers = [...variables.values()].filter(({ dtype }) => dtype !== 'string').map(({ name: tensor }) => tensor);
  const names = [...variables].filter(([, info]) => numbers.includes(info.name)).map(([variable]) => variable);
  const kerasNetworks = networkNames.filter((other) => network(other).library === 'keras');
  throw new CheckpointError(
    `Expected the weights of ${name}, received an object-based checkpoint of TensorFlow 2 (of Keras or tf.train.Checkpoint) ` +
      `with other variables: ${someOf(names)}.`,
    {
      path,
      hint: `of such checkpoints those of keras.applications' residual networks are read: ${kerasNetworks.join(', ')}.`,
    },
  );
}

/** @throws CheckpointError where the weights are found under the names of their averages alone */
function assertNotAverages({ path, variables }: WeightSource): void {
  if (![...variables.keys()].some((name) => averagedVariable(name) !== null)) return;
  if (namingsIn(withAverages({ path, tensors: variables })).length === 0) return;
  throw new CheckpointError('The checkpoint has the moving averages of the weights, but not the weights themselves.', {
    path,
    hint: advice`take these: pass ${['useMovingAverages', true]}.`,
  });
}

/**
 * Tensors of another library that must not have been left under: the network has more layers than the one that was built.
 * @throws CheckpointError
 */
export function assertAllTaken({ layout, prefix }: NetworkWeights, plan: RestorePlan, tensors: Tensors): void {
  if (layout === 'slim') return;
  const library: Library = libraries[layout];
  const left = plan.unexpected.filter(
    (name) => name.startsWith(prefix) && !library.isUnneeded(tensors.get(name) as TensorInfo, name),
  );
  if (left.length === 0) return;
  throw new CheckpointError(`The network has no use for ${someOf(left)}.`, {
    path: plan.path,
    hint: [
      'these are the weights of a network with other layers, perhaps of another depth.',
      `what is no part of the network, such as another head, is left out by \`slimnet convert --exclude ${left[0]}\`.`,
    ],
  });
}
