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
export type { BlockSize } from './residual_network.js';
export {
  Block,
  conv2dSame,
  type ResnetArgScopeOptions,
  resnetArgScope,
  stackBlocksDense,
  subsample,
  type Unit,
  type UnitFunction,
} from './resnet_utils.js';
export {
  bottleneck as bottleneckV1,
  type ResnetV1DepthOptions,
  type ResnetV1Options,
  resnetV1,
  resnetV1_50,
  resnetV1_101,
  resnetV1_152,
  resnetV1_200,
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
