/** How other libraries name and lay out the weights of the residual networks that the registry has in their form. */
import type { TensorInfo, TensorSource } from '../../checkpoint/index.js';
import { type OtherForm, timmForm, transformersForm } from './config_beside.js';

/** Who names a checkpoint's tensors: slimnet and TF-Slim, PyTorch (torchvision, timm, transformers), or Keras (keras.applications). */
export const weightLayouts = ['slim', 'pytorch', 'keras'] as const;

export type WeightLayout = (typeof weightLayouts)[number];

/** A convolution of a network of the first form; `conv` 0 is the shortcut. Blocks and units count from 1. */
export interface UnitConvolution {
  readonly block: number;
  readonly unit: number;
  readonly conv: number;
}

/** What a convolution and the batch normalization behind it are called. */
export interface LayerNames {
  readonly conv: string;
  readonly norm: string;
}

/** One set of names for the layers. */
export interface Vocabulary {
  readonly root: LayerNames;
  readonly unit: (at: UnitConvolution) => LayerNames;
  /** Usual names of the last, dense, layer, the first that is there counts. */
  readonly logits: readonly string[];
  /** What a config.json beside the weights may say against the network. */
  readonly otherForm?: OtherForm;
}

/** One library's way: its names, and how its tensors become the values of variables. */
export interface Library {
  readonly vocabularies: readonly Vocabulary[];
  readonly weights: (layer: string) => TensorSource;
  /** From [in, out] or [out, in] to the weights of a 1x1 convolution. */
  readonly denseDimensions: NonNullable<TensorSource['dimensions']>;
  readonly biases: (layer: string) => TensorSource;
  /** Variables of a batch normalization by their names in slimnet. */
  readonly norm: Readonly<Record<string, (names: LayerNames) => TensorSource>>;
  /** Names as files may have them; the first that is there counts. */
  readonly spellings: readonly ((name: string) => string)[];
  /** The name of the biases that belong to weights of this name; null where these are no weights by their name. */
  readonly biasesOf: (weights: string) => string | null;
  /** True for tensors that no variable needs: what training counts and keeps. */
  readonly isUnneeded: (info: TensorInfo, name: string) => boolean;
}

/** Names of torchvision and timm. */
const torchvision: Vocabulary = {
  root: { conv: 'conv1', norm: 'bn1' },
  unit: ({ block, unit, conv }) => {
    const at = `layer${block}.${unit - 1}`;
    return conv === 0
      ? { conv: `${at}.downsample.0`, norm: `${at}.downsample.1` }
      : { conv: `${at}.conv${conv}`, norm: `${at}.bn${conv}` };
  },
  // As torchvision and timm, pretrainedmodels and mmpretrain call it.
  logits: ['fc', 'last_linear', 'head.fc'],
  otherForm: timmForm,
};

/** Names of Hugging Face's transformers, below `resnet.` in a ResNetForImageClassification. */
const transformers: Vocabulary = {
  root: { conv: 'embedder.embedder.convolution', norm: 'embedder.embedder.normalization' },
  unit: ({ block, unit, conv }) => {
    const layer = conv === 0 ? 'shortcut' : `layer.${conv - 1}`;
    const at = `encoder.stages.${block - 1}.layers.${unit - 1}.${layer}`;
    return { conv: `${at}.convolution`, norm: `${at}.normalization` };
  },
  logits: ['classifier.1'],
  otherForm: transformersForm,
};

const keras: Vocabulary = {
  root: { conv: 'conv1_conv', norm: 'conv1_bn' },
  unit: ({ block, unit, conv }) => {
    const at = `conv${block + 1}_block${unit}_${conv}`;
    return { conv: `${at}_conv`, norm: `${at}_bn` };
  },
  logits: ['predictions'],
};

export const libraries = {
  pytorch: {
    vocabularies: [torchvision, transformers],
    weights: (layer) => ({ tensor: `${layer}.weight`, dimensions: [2, 3, 1, 0] }),
    denseDimensions: [null, null, 1, 0],
    biases: (layer) => ({ tensor: `${layer}.bias` }),
    norm: {
      gamma: ({ norm }) => ({ tensor: `${norm}.weight` }),
      beta: ({ norm }) => ({ tensor: `${norm}.bias` }),
      moving_mean: ({ norm }) => ({ tensor: `${norm}.running_mean` }),
      moving_variance: ({ norm }) => ({ tensor: `${norm}.running_var` }),
    },
    spellings: [(name) => name],
    biasesOf: (weights) => (/(^|\.)weight$/.test(weights) ? weights.replace(/weight$/, 'bias') : null),
    // Counters of batch normalizations, of averaged models, and of programs that count operations.
    isUnneeded: (_, name) => /(^|\.)(num_batches_tracked|n_averaged|total_ops|total_params)$/.test(name),
  },
  keras: {
    vocabularies: [keras],
    weights: (layer) => ({ tensor: `${layer}/kernel` }),
    denseDimensions: [null, null, 0, 1],
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
    biasesOf: (weights) => (/\/kernel(:0)?$/.test(weights) ? weights.replace(/kernel(?=(:0)?$)/, 'bias') : null),
    // What optimizers and metrics keep: by their names, or as single numbers.
    isUnneeded: ({ shape }, name) =>
      /^(training\/)?(_?optimizer\w*|keras_api|metrics|adam|adamw|adamax|nadam|sgd|rmsprop|adagrad|adadelta|adafactor|ftrl|lion)(_\d+)?\//i.test(
        name,
      ) ||
      (shape.length === 0 && !/\/(kernel|bias|gamma|beta)(:0)?$/.test(name)),
  },
} as const satisfies Readonly<Record<Exclude<WeightLayout, 'slim'>, Library>>;

export type ForeignLayout = keyof typeof libraries;

export const foreignLayouts = Object.keys(libraries) as readonly ForeignLayout[];
