/**
 * Residual networks of the second form, with the batch normalization before the convolution ("full preactivation"):
 * [2] Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun: Identity Mappings in Deep Residual Networks. arXiv:1603.05027
 */
import type { Tensor } from '../../core/graph.js';
import { relu } from '../activations.js';
import { addArgScope, argScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { batchNorm, conv2d, maxPool2d } from '../layers/index.js';
import { add } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { lastDimension } from '../utils.js';
import { type Scope, variableScope } from '../variable_scope.js';
import type { ResnetBuilder } from './end_points.js';
import type { Network } from './network.js';
import {
  type BlockSize,
  type PublishedDepth,
  publishedBlocks,
  publishedUnits,
  type ResnetDepthOptions,
  type ResnetOptions,
  residualBlock,
  residualNetwork,
  resnetDefaults,
} from './residual_network.js';
import { type Block, conv2dSame, samplingOf, stackBlocksDense, subsample, type Unit } from './resnet_utils.js';

interface BottleneckOptions {
  outputsCollections: CollectionNames;
  scope: Scope;
}

/** Residual unit of [2]: batch norm and relu before the convolutions, the bare sum as its output. */
export const bottleneck = addArgScope(
  'bottleneck',
  { outputsCollections: null, scope: null } as BottleneckOptions,
  (inputs: Tensor, unit: Unit, o: BottleneckOptions): Tensor =>
    variableScope(o.scope, 'bottleneck_v2', (sc) => {
      const { depth, depthBottleneck, stride = 1 } = unit;
      const [first, second] = samplingOf(unit, 'conv2');
      const depthIn = lastDimension(inputs.shape, 4);
      const plain = { normalizerFn: null, activationFn: null };
      const preact = batchNorm(inputs, { activationFn: relu, scope: 'preact' });
      const shortcut =
        depth === depthIn
          ? subsample(inputs, stride, { scope: 'shortcut' })
          : conv2d(preact, depth, [1, 1], { ...plain, stride, scope: 'shortcut' });
      let residual = conv2d(preact, depthBottleneck, [1, 1], { stride: first.stride, scope: 'conv1' });
      residual = conv2dSame(residual, depthBottleneck, 3, second.stride, { rate: second.rate, scope: 'conv2' });
      residual = conv2d(residual, depth, [1, 1], { ...plain, stride: 1, scope: 'conv3' });
      return collectNamedOutputs(o.outputsCollections, sc.name, add(shortcut, residual));
    }),
);

/** Options of `resnetV2`. */
export type ResnetV2Options = ResnetOptions;

/**
 * A residual network of [2] out of blocks. Call it inside `argScope(resnetArgScope(), ...)` for the published form. Without the
 * root block the inputs should come from a convolution without activation, because the first unit begins with one.
 * @param inputs images [N, H, W, 3]; for sizes see `resnetV1`
 * @throws like `resnetV1`
 */
export function resnetV2(inputs: Tensor, blocks: readonly Block[], options: Options<ResnetV2Options> = {}): Network {
  const o = mergeOptions('resnetV2', resnetDefaults, options);
  const form = { name: 'resnetV2', defaultScope: 'resnet_v2', units: [bottleneck] };
  return residualNetwork(form, inputs, o, (outputStride) => {
    let net = inputs;
    if (o.includeRootBlock) {
      // The first unit brings batch norm and activation.
      net = argScope([conv2d], { activationFn: null, normalizerFn: null }, () =>
        conv2dSame(net, 64, 7, 2, { scope: 'conv1' }),
      );
      net = maxPool2d(net, [3, 3], { stride: 2, scope: 'pool1' });
    }
    net = stackBlocksDense(net, blocks, { outputStride });
    // The last unit leaves a bare sum.
    return batchNorm(net, { activationFn: relu, scope: 'postnorm' });
  });
}

/** A block of bottleneck units, of which the last one strides unless told. */
export function resnetV2Block(scope: string, size: BlockSize): Block {
  return residualBlock(scope, bottleneck, size);
}

/** Options of the networks of one depth. */
export type ResnetV2DepthOptions = ResnetDepthOptions;

/** A network of a published depth. */
function ofDepth<const Name extends string, D extends PublishedDepth>(name: Name, depth: D) {
  const blocks = publishedBlocks(resnetV2Block, publishedUnits[depth]);
  const { includeRootBlock, ...shared } = resnetDefaults;
  const own: ResnetV2DepthOptions = { ...shared, scope: name };
  const build = (inputs: Tensor, options: Options<ResnetV2DepthOptions> = {}): Network =>
    resnetV2(inputs, blocks, { ...mergeOptions(name, own, options), includeRootBlock });
  return build as ResnetBuilder<ResnetV2DepthOptions, Name, 'bottleneck_v2', (typeof publishedUnits)[D]>;
}

/** The 50-layer network of arXiv:1512.03385 in the form of [2]. See `resnetV2` for inputs, results and errors. */
export const resnetV2_50 = ofDepth('resnet_v2_50', 50);

/** The 101-layer network of arXiv:1512.03385 in the form of [2]. */
export const resnetV2_101 = ofDepth('resnet_v2_101', 101);

/** The 152-layer network of arXiv:1512.03385 in the form of [2]. */
export const resnetV2_152 = ofDepth('resnet_v2_152', 152);

/** ResNet-200 of [2]. */
export const resnetV2_200 = ofDepth('resnet_v2_200', 200);
