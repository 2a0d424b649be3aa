export { defaultImageSize, type Network } from './network.js';
export {
  type NetworkEntry,
  type NetworkName,
  type NetworkOptions,
  network,
  networkNames,
  networks,
  type PublishedWeights,
} from './registry.js';
export type { BlockSize, ResnetDepthOptions } from './residual_network.js';
export {
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
export {
  Block,
  conv2dSame,
  maxPool2dSame,
  type ResnetArgScopeOptions,
  resnetArgScope,
  stackBlocksDense,
  subsample,
  type Unit,
  type UnitFunction,
} from './resnet_utils.js';
export {
  basic as basicV1,
  bottleneck as bottleneckV1,
  type ResnetV1DepthOptions,
  type ResnetV1Options,
  resnetV1,
  resnetV1_50,
  resnetV1_101,
  resnetV1_152,
  resnetV1_200,
  resnetV1BasicBlock,
  resnetV1Block,
} from './resnet_v1.js';
export {
  bottleneck as bottleneckV2,
  type ResnetV2DepthOptions,
  type ResnetV2Options,
  resnetV2,
  resnetV2_50,
  resnetV2_101,
  resnetV2_152,
  resnetV2_200,
  resnetV2Block,
} from './resnet_v2.js';
export { type VggOptions, vgg16, vgg19, vggA, vggArgScope, vggD, vggE } from './vgg.js';
