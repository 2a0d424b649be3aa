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
import type { Network } from './network.js';
import { type BlockSize, publishedUnits, type ResnetDepthOptions, resnetDefaults } from './residual_network.js';
import { type Block, resnetArgScope } from './resnet_utils.js';
import { resnetV1, resnetV1BasicBlock, resnetV1Block } from './resnet_v1.js';

/** The scope of PyTorch's networks: epsilon 1e-5, statistics that keep nine tenths. */
export function pytorchArgScope(): ArgScope {
  return resnetArgScope({ batchNormDecay: 0.9 });
}

/** The scope of Keras' networks: epsilon 1.001e-5, statistics that keep 99 of 100 parts. */
export function kerasArgScope(): ArgScope {
  return resnetArgScope({ batchNormDecay: 0.99, batchNormEpsilon: 1.001e-5 });
}

function ofDepth(
  name: string,
  units: readonly [number, number, number, number],
  block: (scope: string, size: BlockSize) => Block,
  strideOn: 'conv1' | 'conv2',
) {
  const blocks = units.map((numUnits, i) =>
    block(`block${i + 1}`, {
      baseDepth: 64 * 2 ** i,
      numUnits,
      stride: i === 0 ? 1 : 2,
      strideIn: 'first_unit',
      strideOn,
    }),
  );
  const { includeRootBlock, ...shared } = resnetDefaults;
  const own: ResnetDepthOptions = { ...shared, scope: name };
  return (inputs: Tensor, options: Options<ResnetDepthOptions> = {}): Network =>
    resnetV1(inputs, blocks, { ...mergeOptions(name, own, options), includeRootBlock, symmetricPool: true });
}

/** ResNet-18 of torchvision and timm. See `resnetV1` for inputs, results and errors. */
export const resnet18 = ofDepth('resnet_18', publishedUnits[18], resnetV1BasicBlock, 'conv1');

/** ResNet-34 of torchvision and timm. */
export const resnet34 = ofDepth('resnet_34', publishedUnits[34], resnetV1BasicBlock, 'conv1');

/** ResNet-50 of torchvision and timm. */
export const resnet50 = ofDepth('resnet_50', publishedUnits[50], resnetV1Block, 'conv2');

/** ResNet-101 of torchvision and timm. */
export const resnet101 = ofDepth('resnet_101', publishedUnits[101], resnetV1Block, 'conv2');

/** ResNet-152 of torchvision and timm. */
export const resnet152 = ofDepth('resnet_152', publishedUnits[152], resnetV1Block, 'conv2');

/** ResNet50 of keras.applications. */
export const kerasResnet50 = ofDepth('keras_resnet_50', publishedUnits[50], resnetV1Block, 'conv1');

/** ResNet101 of keras.applications. */
export const kerasResnet101 = ofDepth('keras_resnet_101', publishedUnits[101], resnetV1Block, 'conv1');

/** ResNet152 of keras.applications. */
export const kerasResnet152 = ofDepth('keras_resnet_152', publishedUnits[152], resnetV1Block, 'conv1');
