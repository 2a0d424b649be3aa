import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import type { ArgScope } from '../arg_scope.js';
import type { Options } from '../options.js';
import type { Scope } from '../variable_scope.js';
import { defaultImageSize, type Network } from './network.js';
import {
  kerasArgScope,
  kerasResnet50,
  kerasResnet101,
  kerasResnet152,
  pytorchArgScope,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
} from './resnet.js';
import { resnetArgScope } from './resnet_utils.js';
import { resnetV1_50, resnetV1_101, resnetV1_152, resnetV1_200 } from './resnet_v1.js';
import { resnetV2_50, resnetV2_101, resnetV2_152, resnetV2_200 } from './resnet_v2.js';
import { vgg16, vgg19, vggA, vggArgScope } from './vgg.js';

/** Weights that were published for a network, and how well they do on ImageNet's validation images (one centre crop). */
export interface PublishedWeights {
  /** File name of the archive; inside stands `<name>.ckpt`, a TensorFlow V1 checkpoint. */
  readonly file: string;
  /** Share of images whose first, or one of whose first five, predictions is right, in percent. */
  readonly top1: number;
  readonly top5: number;
}

/** Options that every network of the registry takes. */
export interface NetworkOptions {
  /** Classes of the logits; null leaves the logits away. */
  numClasses: number | null;
  isTraining: boolean;
  /** Average over height and width before the logits. */
  globalPool: boolean;
  /** Logits of [N, numClasses] in place of [N, 1, 1, numClasses]. */
  spatialSqueeze: boolean;
  scope: Scope;
}

/** What training chooses of a network's scope; the published network's own unless told. */
export interface NetworkScopeOptions {
  /** Factor of the L2 loss of all weights. */
  readonly weightDecay?: number;
  /** How much of the moving statistics each step keeps; networks without batch normalization have none. */
  readonly batchNormDecay?: number;
}

/** Everything that is particular to one network. */
export interface NetworkEntry {
  /** Name of the network and default scope of its variables. */
  readonly name: string;
  readonly build: (images: Tensor, options?: Options<NetworkOptions>) => Network;
  /** The scope in which `build` gives the published form. */
  readonly argScope: (options?: NetworkScopeOptions) => ArgScope;
  /** Pixels a side of the input. */
  readonly imageSize: number;
  /** Classes of the published weights. */
  readonly numClasses: number;
  /** Name of the preprocessing that the weights expect. */
  readonly preprocessing: 'vgg' | 'inception' | 'torchvision' | 'caffe';
  /** What is added to a class of the network to get its number in lists of 1001 classes, where 0 is the background. */
  readonly labelOffset: number;
  /** The variable that has one value for each class, below the network's scope. */
  readonly logitsBiases: string;
  /** The op, below the network's scope, whose output are the globally pooled features: what the last layer makes logits of. */
  readonly features: string;
  /** Another library whose networks have this form, so that its weights fit; null: there is none. */
  readonly library: 'pytorch' | 'keras' | null;
  /** Whether networks of other libraries that want their images prepared otherwise have this very form. */
  readonly isFormShared: boolean;
  /** null: there are none. */
  readonly published: PublishedWeights | null;
}

const resnet = {
  argScope: (options: NetworkScopeOptions = {}) => resnetArgScope(options),
  logitsBiases: 'logits/biases',
  features: 'pool5',
  library: null,
  isFormShared: false,
} as const;

/** Converted from Caffe: no class for the background. */
const fromCaffe = { imageSize: defaultImageSize, numClasses: 1000, preprocessing: 'vgg', labelOffset: 1 } as const;

const resnetV1 = { ...resnet, ...fromCaffe } as const;

const resnetV2 = { ...resnet, imageSize: 299, numClasses: 1001, preprocessing: 'inception', labelOffset: 0 } as const;

const vgg = {
  ...fromCaffe,
  argScope: ({ weightDecay }: NetworkScopeOptions = {}) =>
    vggArgScope(weightDecay === undefined ? {} : { weightDecay }),
  logitsBiases: 'fc8/biases',
  features: 'global_pool',
  library: null,
  isFormShared: true,
} as const;

/** Those of torchvision and timm. */
const pytorch = {
  ...resnet,
  ...fromCaffe,
  argScope: (options: NetworkScopeOptions = {}) => pytorchArgScope(options),
  preprocessing: 'torchvision',
  library: 'pytorch',
  published: null,
} as const;

/** Those of keras.applications. */
const keras = {
  ...resnet,
  ...fromCaffe,
  argScope: (options: NetworkScopeOptions = {}) => kerasArgScope(options),
  preprocessing: 'caffe',
  library: 'keras',
  published: null,
} as const;

/** One line for each network; what stands here is built, tested and offered. */
export const networks = {
  resnet_v1_50: {
    ...resnetV1,
    name: 'resnet_v1_50',
    build: resnetV1_50,
    published: { file: 'resnet_v1_50_2016_08_28.tar.gz', top1: 75.2, top5: 92.2 },
  },
  resnet_v1_101: {
    ...resnetV1,
    name: 'resnet_v1_101',
    build: resnetV1_101,
    published: { file: 'resnet_v1_101_2016_08_28.tar.gz', top1: 76.4, top5: 92.9 },
  },
  resnet_v1_152: {
    ...resnetV1,
    name: 'resnet_v1_152',
    build: resnetV1_152,
    published: { file: 'resnet_v1_152_2016_08_28.tar.gz', top1: 76.8, top5: 93.2 },
  },
  resnet_v1_200: { ...resnetV1, name: 'resnet_v1_200', build: resnetV1_200, published: null },
  resnet_v2_50: {
    ...resnetV2,
    name: 'resnet_v2_50',
    build: resnetV2_50,
    published: { file: 'resnet_v2_50_2017_04_14.tar.gz', top1: 75.6, top5: 92.8 },
  },
  resnet_v2_101: {
    ...resnetV2,
    name: 'resnet_v2_101',
    build: resnetV2_101,
    published: { file: 'resnet_v2_101_2017_04_14.tar.gz', top1: 77.0, top5: 93.7 },
  },
  resnet_v2_152: {
    ...resnetV2,
    name: 'resnet_v2_152',
    build: resnetV2_152,
    published: { file: 'resnet_v2_152_2017_04_14.tar.gz', top1: 77.8, top5: 94.1 },
  },
  resnet_v2_200: { ...resnetV2, name: 'resnet_v2_200', build: resnetV2_200, published: null },
  vgg_a: { ...vgg, name: 'vgg_a', build: vggA, published: null },
  vgg_16: {
    ...vgg,
    name: 'vgg_16',
    build: vgg16,
    published: { file: 'vgg_16_2016_08_28.tar.gz', top1: 71.5, top5: 89.8 },
  },
  vgg_19: {
    ...vgg,
    name: 'vgg_19',
    build: vgg19,
    published: { file: 'vgg_19_2016_08_28.tar.gz', top1: 71.1, top5: 89.8 },
  },
  resnet_18: { ...pytorch, name: 'resnet_18', build: resnet18 },
  resnet_34: { ...pytorch, name: 'resnet_34', build: resnet34 },
  resnet_50: { ...pytorch, name: 'resnet_50', build: resnet50 },
  resnet_101: { ...pytorch, name: 'resnet_101', build: resnet101 },
  resnet_152: { ...pytorch, name: 'resnet_152', build: resnet152 },
  keras_resnet_50: { ...keras, name: 'keras_resnet_50', build: kerasResnet50 },
  keras_resnet_101: { ...keras, name: 'keras_resnet_101', build: kerasResnet101 },
  keras_resnet_152: { ...keras, name: 'keras_resnet_152', build: kerasResnet152 },
} as const satisfies Readonly<Record<string, NetworkEntry>>;

export type NetworkName = keyof typeof networks;

/** The names of all networks. */
export const networkNames = Object.keys(networks) as readonly NetworkName[];

/** What is known of a network. @throws ArgumentError when there is none of this name */
export function network(name: string): NetworkEntry {
  if (typeof name !== 'string' || !Object.hasOwn(networks, name)) {
    throw new ArgumentError(`Network: expected one of ${networkNames.join(', ')}, received ${describe(name)}.`);
  }
  return networks[name as NetworkName];
}
