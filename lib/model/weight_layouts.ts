/** How other libraries name and lay out the weights of the residual networks that the registry has in their form. */
import type { NameMap, RestorePlan, TensorInfo, TensorSource } from '../checkpoint/index.js';
import { CheckpointError } from '../errors.js';
import { type NetworkEntry, network, networkNames } from '../slim/nets/registry.js';

/** Who names a checkpoint's tensors: slimnet and TF-Slim, PyTorch (torchvision, timm), or Keras (keras.applications). */
export const weightLayouts = ['slim', 'pytorch', 'keras'] as const;

export type WeightLayout = (typeof weightLayouts)[number];

/** A convolution of a network of the first form; `conv` 0 is the shortcut. Blocks and units count from 1. */
interface UnitConvolution {
  readonly block: number;
  readonly unit: number;
  readonly conv: number;
}

/** What a library calls a convolution and the batch normalization behind it. */
interface LayerNames {
  readonly conv: string;
  readonly norm: string;
}

/** One library's way. */
interface Library {
  readonly root: LayerNames;
  readonly unit: (at: UnitConvolution) => LayerNames;
  /** What it calls the last, dense, layer. */
  readonly logits: string;
  readonly weights: (layer: string) => TensorSource;
  /** [in, out] or [out, in], to the weights of a 1x1 convolution. */
  readonly denseWeights: (layer: string) => TensorSource;
  readonly biases: (layer: string) => TensorSource;
  /** Variables of a batch normalization by their names in slimnet. */
  readonly norm: Readonly<Record<string, (names: LayerNames) => TensorSource>>;
  /** Names as files may have them; the first that is there counts. */
  readonly spellings: readonly ((name: string) => string)[];
  /** True for tensors that no variable needs. */
  readonly unneeded: (name: string) => boolean;
}

const libraries = {
  pytorch: {
    root: { conv: 'conv1', norm: 'bn1' },
    unit: ({ block, unit, conv }) => {
      const at = `layer${block}.${unit - 1}`;
      return conv === 0
        ? { conv: `${at}.downsample.0`, norm: `${at}.downsample.1` }
        : { conv: `${at}.conv${conv}`, norm: `${at}.bn${conv}` };
    },
    logits: 'fc',
    weights: (layer) => ({ tensor: `${layer}.weight`, dimensions: [2, 3, 1, 0] }),
    denseWeights: (layer) => ({ tensor: `${layer}.weight`, dimensions: [null, null, 1, 0] }),
    biases: (layer) => ({ tensor: `${layer}.bias` }),
    norm: {
      gamma: ({ norm }) => ({ tensor: `${norm}.weight` }),
      beta: ({ norm }) => ({ tensor: `${norm}.bias` }),
      moving_mean: ({ norm }) => ({ tensor: `${norm}.running_mean` }),
      moving_variance: ({ norm }) => ({ tensor: `${norm}.running_var` }),
    },
    // As state_dict has them, and as that of a DataParallel has them.
    spellings: [(name) => name, (name) => `module.${name}`],
    unneeded: (name) => name.endsWith('.num_batches_tracked'),
  },
  keras: {
    root: { conv: 'conv1_conv', norm: 'conv1_bn' },
    unit: ({ block, unit, conv }) => {
      const at = `conv${block + 1}_block${unit}_${conv}`;
      return { conv: `${at}_conv`, norm: `${at}_bn` };
    },
    logits: 'predictions',
    weights: (layer) => ({ tensor: `${layer}/kernel` }),
    denseWeights: (layer) => ({ tensor: `${layer}/kernel`, dimensions: [null, null, 0, 1] }),
    biases: (layer) => ({ tensor: `${layer}/bias` }),
    norm: {
      gamma: ({ norm }) => ({ tensor: `${norm}/gamma` }),
      beta: ({ norm }) => ({ tensor: `${norm}/beta` }),
      // Its convolutions have biases, which only move the mean that the normalization takes away.
      moving_mean: ({ conv, norm }) => ({ tensor: `${norm}/moving_mean`, minus: `${conv}/bias` }),
      moving_variance: ({ norm }) => ({ tensor: `${norm}/moving_variance` }),
    },
    // Paths of Keras 3, names of older ones, and those behind the groups of an HDF5 file.
    spellings: [(name) => name, (name) => `${name}:0`, (name) => `${name.split('/')[0]}/${name}:0`],
    unneeded: () => false,
  },
} as const satisfies Readonly<Record<Exclude<WeightLayout, 'slim'>, Library>>;

const foreign = Object.keys(libraries) as (keyof typeof libraries)[];

const variablePattern =
  /(?:^|\/)(?:(conv1|logits)|block(\d+)\/unit_(\d+)\/(?:bottleneck|basic)_v1\/(?:shortcut|conv(\d)))\/(?:BatchNorm\/)?(\w+)$/;

/** The tensor for a variable of a residual network; undefined where the library has nothing of the kind. */
function sourceOf(library: Library, name: string): TensorSource | undefined {
  const match = variablePattern.exec(name);
  if (match === null) return undefined;
  const [, single, block, unit, conv = '0', kind = ''] = match;
  if (single === 'logits') {
    if (kind === 'weights') return library.denseWeights(library.logits);
    return kind === 'biases' ? library.biases(library.logits) : undefined;
  }
  const names =
    single === 'conv1' ? library.root : library.unit({ block: Number(block), unit: Number(unit), conv: Number(conv) });
  if (kind === 'weights') return library.weights(names.conv);
  return Object.hasOwn(library.norm, kind) ? library.norm[kind]?.(names) : undefined;
}

type Tensors = ReadonlyMap<string, TensorInfo>;

/** The spelling in which a file has a name; the library's own where it has none. */
function spellingOf({ spellings }: Library, name: string, tensors: Tensors): (name: string) => string {
  return spellings.find((spell) => tensors.has(spell(name))) ?? ((same) => same);
}

function nameMapOf(library: Library): NameMap {
  return (name, tensors) => {
    const source = sourceOf(library, name);
    if (source === undefined) return name;
    const spell = spellingOf(library, source.tensor, tensors);
    return {
      ...source,
      tensor: spell(source.tensor),
      ...(source.minus === undefined ? {} : { minus: spell(source.minus) }),
    };
  };
}

/**
 * For `restore`: the tensors of a PyTorch checkpoint, as torchvision and timm name them, for the variables of a residual network of
 * the first form. Kernels of [out, in, height, width] are turned into [height, width, in, out]. The network should be one of
 * resnet18 to resnet152: others stride and pad elsewhere.
 */
export const pytorchNames: NameMap = nameMapOf(libraries.pytorch);

/**
 * For `restore`: the tensors of a checkpoint of keras.applications. The biases of its convolutions are taken off the moving means.
 * The network should be one of kerasResnet50 to kerasResnet152.
 */
export const kerasNames: NameMap = nameMapOf(libraries.keras);

/** The name map of each layout; slimnet's own names need none. */
export const nameMaps: Readonly<Partial<Record<WeightLayout, NameMap>>> = { pytorch: pytorchNames, keras: kerasNames };

/**
 * The layout of a checkpoint for a network of the registry.
 * @param wanted what the caller says; null: as the names show, slimnet's own where they show nothing
 * @throws CheckpointError when the names are of several kinds, or of a library whose networks have another form
 */
export function layoutFor(
  { name, library }: NetworkEntry,
  { path, tensors }: { readonly path: string; readonly tensors: Tensors },
  wanted: WeightLayout | null,
): WeightLayout {
  const found = wanted === null ? layoutsOf(name, tensors) : [wanted];
  if (found.length > 1) {
    throw new CheckpointError(`The tensors have names of ${found.join(' and of ')}.`, {
      path,
      hint: `say whose to take, as in layout: '${found[0]}'.`,
    });
  }
  const [layout = 'slim'] = found;
  if (layout !== 'slim' && layout !== library) {
    const others = networkNames.filter((other) => network(other).library === layout);
    throw new CheckpointError(`Expected the weights of ${name}, these are named as ${layout} does.`, {
      path,
      hint: `its networks stride and pad elsewhere: load the one that they are of, ${others.join(', ')}.`,
    });
  }
  return layout;
}

/** The layouts that names show: slimnet's by the network's scope, others by their root convolution. */
function layoutsOf(name: string, tensors: Tensors): WeightLayout[] {
  const own = [...tensors.keys()].some((tensor) => tensor.startsWith(`${name}/`));
  const others = foreign.filter((layout) => {
    const library = libraries[layout];
    const { tensor } = library.weights(library.root.conv);
    return library.spellings.some((spell) => tensors.has(spell(tensor)));
  });
  return own ? ['slim', ...others] : others;
}

/**
 * Names that a tensor of another library must not have been left under: the network has more layers than the one that was built.
 * @throws CheckpointError
 */
export function assertAllTaken(layout: WeightLayout, { path, unexpected }: RestorePlan): void {
  if (layout === 'slim') return;
  const left = unexpected.filter((name) => !libraries[layout].unneeded(name));
  if (left.length === 0) return;
  const more = left.length > 5 ? ` and ${left.length - 5} more` : '';
  throw new CheckpointError(`The network has no use for ${left.slice(0, 5).join(', ')}${more}.`, {
    path,
    hint: 'these are the weights of a network with other layers, perhaps of another depth.',
  });
}
