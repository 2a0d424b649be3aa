import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import type { ArgScope } from '../arg_scope.js';
import type { Options } from '../options.js';
import type { Network } from './network.js';
import { defaultImageSize } from './residual_network.js';
import { resnetArgScope } from './resnet_utils.js';
import { type ResnetV1DepthOptions, resnetV1_50, resnetV1_101, resnetV1_152, resnetV1_200 } from './resnet_v1.js';

/** Weights that were published for a network, and how well they do on ImageNet's validation images (one centre crop). */
export interface PublishedWeights {
  /** File name of the archive; inside stands `<name>.ckpt`, a TensorFlow V1 checkpoint. */
  readonly file: string;
  /** Share of images whose first, or one of whose first five, predictions is right, in percent. */
  readonly top1: number;
  readonly top5: number;
}

/** Everything that is particular to one network. */
export interface NetworkEntry {
  /** Name of the network and default scope of its variables. */
  readonly name: string;
  readonly build: (images: Tensor, options?: Options<ResnetV1DepthOptions>) => Network;
  /** The scope in which `build` gives the published form. */
  readonly argScope: () => ArgScope;
  /** Pixels a side of the input. */
  readonly imageSize: number;
  /** Classes of the published weights. */
  readonly numClasses: number;
  /** Name of the preprocessing that the weights expect. */
  readonly preprocessing: 'vgg';
  /** What is added to a class of the network to get its number in lists of 1001 classes, where 0 is the background. */
  readonly labelOffset: number;
  /** null: there are none. */
  readonly published: PublishedWeights | null;
}

const resnetV1 = {
  argScope: () => resnetArgScope(),
  imageSize: defaultImageSize,
  numClasses: 1000,
  preprocessing: 'vgg',
  labelOffset: 1,
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
