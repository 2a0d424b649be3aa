export { type NetworkEntry, type NetworkName, type PublishedWeights, network, networkNames, networks } from './registry.js';
export { Block, type ResnetArgScopeOptions, type Unit, type UnitFunction, conv2dSame, resnetArgScope, stackBlocksDense, subsample } from './resnet_utils.js';
export {
  type Network,
  type ResnetV1DepthOptions,
  type ResnetV1Options,
  bottleneck,
  defaultImageSize,
  resnetV1,
  resnetV1Block,
  resnetV1_50,
  resnetV1_101,
  resnetV1_152,
  resnetV1_200,
} from './resnet_v1.js';
