export {
  type NetworkEntry,
  type NetworkName,
  network,
  networkNames,
  networks,
  type PublishedWeights,
} from './registry.js';
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
  bottleneck,
  defaultImageSize,
  type Network,
  type ResnetV1DepthOptions,
  type ResnetV1Options,
  resnetV1,
  resnetV1_50,
  resnetV1_101,
  resnetV1_152,
  resnetV1_200,
  resnetV1Block,
} from './resnet_v1.js';
