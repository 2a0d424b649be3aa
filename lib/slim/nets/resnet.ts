/**
 * Residual networks of the first form as other libraries have them. They stride in a block's first unit and pad the root's max
 * pooling alike on both sides; their variables are named as those of resnet_v1. docs/foreign_weights.md says how weights get in.
 *
 * resnet18 to resnet152 are torchvision's and timm's, with the stride on the 3x3 convolution of bottleneck units; kerasResnet50
 * to kerasResnet152 are those of keras.applications, with the stride on the first 1x1 and an epsilon of its own.
 */
import type { Tensor } from '../../core/graph.js';
import type { ArgScope } from '../arg_scope.js';
import { mergeOptions, type Options } from '../options.js';
import type { ResnetBuilder } from './end_points.js';
import type { Network } from './network.js';
import { type PublishedDepth, publishedUnits, type ResnetDepthOptions, resnetDefaults } from './residual_network.js';
import { type ResnetArgScopeOptions, resnetArgScope } from './resnet_utils.js';
import { resnetV1, resnetV1BasicBlock, resnetV1Block } from './resnet_v1.js';

/** The scope of PyTorch's networks: epsilon 1e-5, statistics that keep nine tenths. */
export function pytorchArgScope(options: Options<ResnetArgScopeOptions> = {}): ArgScope {
  return resnetArgScope({ batchNormDecay: 0.9, ...options });
}

/** The scope of Keras' networks: epsilon 1.001e-5, statistics that keep 99 of 100 parts. */
export function kerasArgScope(options: Options<ResnetArgScopeOptions> = {}): ArgScope {
  return resnetArgScope({ batchNormDecay: 0.99, batchNormEpsilon: 1.001e-5, ...options });
}

/** What is particular to networks of basic units, and to those of bottleneck units that stride on one convolution or the other. */
const kinds = {
  basic_v1: { block: resnetV1BasicBlock, strideOn: 'conv1' },
  bottleneck_v1: { block: resnetV1Block, strideOn: 'conv2' },
  keras: { block: resnetV1Block, strideOn: 'conv1' },
} as const;

type UnitOf<Kind> = Kind extends 'basic_v1' ? 'basic_v1' : 'bottleneck_v1';

function ofDepth<const Name extends string, D extends PublishedDepth, Kind extends keyof typeof kinds>(
  name: Name,
  depth: D,
  kind: Kind,
) {
  const { block, strideOn } = kinds[kind];
  const blocks = publishedUnits[depth].map((numUnits, i) => {
    const size = { baseDepth: 64 * 2 ** i, numUnits, stride: i === 0 ? 1 : 2 };
    return block(`block${i + 1}`, { ...size, strideIn: 'first_unit', strideOn });
  });
  const { includeRootBlock, ...shared } = resnetDefaults;
  const own: ResnetDepthOptions = { ...shared, scope: name };
  const build = (inputs: Tensor, options: Options<ResnetDepthOptions> = {}): Network =>
    resnetV1(inputs, blocks, { ...mergeOptions(name, own, options), includeRootBlock, symmetricPool: true });
  return build as ResnetBuilder<ResnetDepthOptions, Name, UnitOf<Kind>, (typeof publishedUnits)[D]>;
}

/** ResNet-18 of torchvision and timm. See `resnetV1` for inputs, results and errors. */
export const resnet18 = ofDepth('resnet_18', 18, 'basic_v1');

/** ResNet-34 of torchvision and timm. */
export const resnet34 = ofDepth('resnet_34', 34, 'basic_v1');

/** ResNet-50 of torchvision and timm. */
export const resnet50 = ofDepth('resnet_50', 50, 'bottleneck_v1');

/** ResNet-101 of torchvision and timm. */
export const resnet101 = ofDepth('resnet_101', 101, 'bottleneck_v1');

/** ResNet-152 of torchvision and timm. */
export const resnet152 = ofDepth('resnet_152', 152, 'bottleneck_v1');

/** ResNet50 of keras.applications. */
export const kerasResnet50 = ofDepth('keras_resnet_50', 50, 'keras');

/** ResNet101 of keras.applications. */
export const kerasResnet101 = ofDepth('keras_resnet_101', 101, 'keras');

/** ResNet152 of keras.applications. */
export const kerasResnet152 = ofDepth('keras_resnet_152', 152, 'keras');
