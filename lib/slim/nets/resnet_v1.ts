/**
 * Residual networks of the first form:
 * [1] Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun: Deep Residual Learning for Image Recognition. arXiv:1512.03385
 */
import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import { type Activation, relu, relu6 } from '../activations.js';
import { addArgScope, argScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { conv2d, maxPool2d } from '../layers/index.js';
import { add, multiply, subtract } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { constant } from '../placeholder.js';
import { lastDimension, positiveInteger } from '../utils.js';
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
import {
  type Block,
  conv2dSame,
  maxPool2dSame,
  samplingOf,
  stackBlocksDense,
  subsample,
  type Unit,
} from './resnet_utils.js';

interface BottleneckOptions {
  outputsCollections: CollectionNames;
  scope: Scope;
  /** Keep all values between -6 and 6, for integer arithmetic later on. */
  useBoundedActivations: boolean;
}

/** Residual unit of [1]: batch norm after every convolution, the stride on the 3x3 (conv2) unless told. */
export const bottleneck = addArgScope(
  'bottleneck',
  { outputsCollections: null, scope: null, useBoundedActivations: false } as BottleneckOptions,
  (inputs: Tensor, unit: Unit, o: BottleneckOptions): Tensor =>
    variableScope(o.scope, 'bottleneck_v1', (sc) => {
      const { depth, depthBottleneck, stride = 1 } = unit;
      const [first, second] = samplingOf(unit, 'conv2');
      const shortcut = shortcutOf(inputs, depth, stride, o.useBoundedActivations ? relu6 : null);
      let residual = conv2d(inputs, depthBottleneck, [1, 1], { stride: first.stride, scope: 'conv1' });
      residual = conv2dSame(residual, depthBottleneck, 3, second.stride, { rate: second.rate, scope: 'conv2' });
      residual = conv2d(residual, depth, [1, 1], { stride: 1, activationFn: null, scope: 'conv3' });
      const output = o.useBoundedActivations ? relu6(add(shortcut, clipped(residual))) : relu(add(shortcut, residual));
      return collectNamedOutputs(o.outputsCollections, sc.name, output);
    }),
);

function shortcutOf(inputs: Tensor, depth: number, stride: number, activationFn: Activation | null): Tensor {
  return depth === lastDimension(inputs.shape, 4)
    ? subsample(inputs, stride, { scope: 'shortcut' })
    : conv2d(inputs, depth, [1, 1], { stride, activationFn, scope: 'shortcut' });
}

/** min(max(x, -6), 6): each side of zero on its own. */
function clipped(x: Tensor): Tensor {
  return subtract(relu6(x), relu6(multiply(x, constant(-1))));
}

/** Options of `resnetV1`. */
export interface ResnetV1Options extends ResnetOptions {
  /** Collect the outputs of blocks before their last unit's stride: they are twice as fine, the network computes the same. */
  storeNonStridedActivations: boolean;
  /** Pad the root's max pooling alike on both sides, as PyTorch and Keras do; false: as the surrounding scope says, SAME. */
  symmetricPool: boolean;
}

const defaults: ResnetV1Options = { ...resnetDefaults, storeNonStridedActivations: false, symmetricPool: false };

/**
 * A residual network of [1] out of blocks. Call it inside `argScope(resnetArgScope(), ...)` for the published form.
 *
 * For classification, height and width of 224 give 7x7 features at stride 32. For dense prediction, sizes of 32 k + 1 give
 * features that are aligned with the image's corners: pass `globalPool: false` and an `outputStride`.
 * @param inputs images [N, H, W, 3]
 * @throws ArgumentError for an output stride that cannot be reached; ScopeError for names that are taken or, with reuse, missing;
 *   ShapeError for inputs of another rank, and for squeezing a map that was not pooled
 */
export function resnetV1(inputs: Tensor, blocks: readonly Block[], options: Options<ResnetV1Options> = {}): Network {
  const o = mergeOptions('resnetV1', defaults, options);
  const form = { name: 'resnetV1', defaultScope: 'resnet_v1', units: [bottleneck, basic] };
  return residualNetwork(form, inputs, o, (outputStride) => {
    let net = inputs;
    if (o.includeRootBlock) {
      net = conv2dSame(net, 64, 7, 2, { scope: 'conv1' });
      net = o.symmetricPool
        ? maxPool2dSame(net, 3, 2, { scope: 'pool1' })
        : maxPool2d(net, [3, 3], { stride: 2, scope: 'pool1' });
    }
    return stackBlocksDense(net, blocks, { outputStride, storeNonStridedActivations: o.storeNonStridedActivations });
  });
}

interface BasicOptions {
  outputsCollections: CollectionNames;
  scope: Scope;
}

/**
 * Residual unit of [1] for the networks of 18 and 34 layers: two 3x3 convolutions of `depth` channels, the first of which strides.
 */
export const basic = addArgScope(
  'basic',
  { outputsCollections: null, scope: null } as BasicOptions,
  (inputs: Tensor, unit: Unit, o: BasicOptions): Tensor =>
    variableScope(o.scope, 'basic_v1', (sc) => {
      const { depth, stride = 1 } = unit;
      const [first, second] = samplingOf(unit, 'conv1');
      const shortcut = shortcutOf(inputs, depth, stride, null);
      let residual = conv2dSame(inputs, depth, 3, first.stride, { rate: first.rate, scope: 'conv1' });
      residual = argScope([conv2d], { activationFn: null }, () =>
        conv2dSame(residual, depth, 3, second.stride, { rate: second.rate, scope: 'conv2' }),
      );
      return collectNamedOutputs(o.outputsCollections, sc.name, relu(add(shortcut, residual)));
    }),
);

/** A block of bottleneck units, of which the last one strides unless told. */
export function resnetV1Block(scope: string, size: BlockSize): Block {
  return residualBlock(scope, bottleneck, size);
}

/** A block of basic units, of which the last one strides unless told. */
export function resnetV1BasicBlock(scope: string, size: BlockSize): Block {
  return residualBlock(scope, basic, size, 1);
}

/** Options of the networks of one depth. */
export interface ResnetV1DepthOptions extends ResnetDepthOptions {
  storeNonStridedActivations: boolean;
  /** Factor for the channels of all blocks; the root's 64 stay. */
  depthMultiplier: number;
  /** The channels inside a unit that the factor may not go below. */
  minBaseDepth: number;
}

/** A network of a published depth. */
function ofDepth<const Name extends string, D extends PublishedDepth>(name: Name, depth: D) {
  const { includeRootBlock, ...shared } = defaults;
  const own: ResnetV1DepthOptions = { ...shared, depthMultiplier: 1, minBaseDepth: 8, scope: name };
  const build = (inputs: Tensor, options: Options<ResnetV1DepthOptions> = {}): Network => {
    const { depthMultiplier, minBaseDepth, ...o } = mergeOptions(name, own, options);
    const least = positiveInteger(minBaseDepth, `${name}: minBaseDepth`);
    if (typeof depthMultiplier !== 'number' || !(depthMultiplier >= 0 && depthMultiplier < Number.POSITIVE_INFINITY))
      throw new ArgumentError(
        `${name}: depthMultiplier: expected a number that is not negative, received ${describe(depthMultiplier)}.`,
      );
    const baseDepthOf = (baseDepth: number) => Math.max(Math.trunc(baseDepth * depthMultiplier), least);
    const blocks = publishedBlocks(resnetV1Block, publishedUnits[depth], baseDepthOf);
    return resnetV1(inputs, blocks, { ...o, includeRootBlock });
  };
  return build as ResnetBuilder<ResnetV1DepthOptions, Name, 'bottleneck_v1', (typeof publishedUnits)[D]>;
}

/** ResNet-50 of [1], table 1. See `resnetV1` for inputs, results and errors. */
export const resnetV1_50 = ofDepth('resnet_v1_50', 50);

/** ResNet-101 of [1], table 1. */
export const resnetV1_101 = ofDepth('resnet_v1_101', 101);

/** ResNet-152 of [1], table 1. */
export const resnetV1_152 = ofDepth('resnet_v1_152', 152);

/** The 200-layer network of arXiv:1603.05027 in the form of [1]. */
export const resnetV1_200 = ofDepth('resnet_v1_200', 200);
