/**
 * Residual networks of the first form:
 * [1] Kaiming He, Xiangyu Zhang, Shaoqing Ren, Jian Sun: Deep Residual Learning for Image Recognition. arXiv:1512.03385
 */
import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import { relu } from '../activations.js';
import { addArgScope, argScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs, convertCollectionToDict } from '../collections.js';
import { batchNorm, conv2d, maxPool2d, softmax } from '../layers/index.js';
import { add, reduceMean } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { lastDimension, positiveInteger, requireTensor } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import { Block, conv2dSame, stackBlocksDense, subsample, type Unit } from './resnet_utils.js';

export { resnetArgScope } from './resnet_utils.js';

/** Pixels a side of the images that the published networks were trained on. */
export const defaultImageSize = 224;

interface BottleneckOptions {
  outputsCollections: CollectionNames;
  scope: Scope;
}

/** Residual unit of [1]: batch norm after every convolution, the stride on the 3x3 (conv2). */
export const bottleneck = addArgScope(
  'bottleneck',
  { outputsCollections: null, scope: null } as BottleneckOptions,
  (inputs: Tensor, { depth, depthBottleneck, stride = 1, rate = 1 }: Unit, o: BottleneckOptions): Tensor =>
    variableScope(o.scope, 'bottleneck_v1', (sc) => {
      const shortcut =
        depth === lastDimension(inputs.shape, 4)
          ? subsample(inputs, stride, { scope: 'shortcut' })
          : conv2d(inputs, depth, [1, 1], { stride, activationFn: null, scope: 'shortcut' });
      let residual = conv2d(inputs, depthBottleneck, [1, 1], { stride: 1, scope: 'conv1' });
      residual = conv2dSame(residual, depthBottleneck, 3, stride, { rate, scope: 'conv2' });
      residual = conv2d(residual, depth, [1, 1], { stride: 1, activationFn: null, scope: 'conv3' });
      return collectNamedOutputs(o.outputsCollections, sc.name, relu(add(shortcut, residual)));
    }),
);

/** A block of `numUnits` bottleneck units of which the last one strides: that leaves the others the larger features. */
export function resnetV1Block(
  scope: string,
  { baseDepth, numUnits, stride }: { readonly baseDepth: number; readonly numUnits: number; readonly stride: number },
): Block {
  const unit = { depth: 4 * baseDepth, depthBottleneck: baseDepth };
  const units = Array.from({ length: numUnits }, (_, i) => ({ ...unit, stride: i === numUnits - 1 ? stride : 1 }));
  return new Block(scope, bottleneck, units);
}

/** What a builder returns. */
export interface Network {
  /** Logits [N, 1, 1, numClasses]; features where there are no classes; a map where nothing was pooled. */
  readonly net: Tensor;
  /** Outputs of layers, units and blocks by name, in order, and `predictions` where there are classes. */
  readonly endPoints: Record<string, Tensor>;
}

/** Options that all builders share. */
export interface ResnetV1DepthOptions {
  /** Classes of the logits; null leaves logits and predictions away. */
  numClasses: number | null;
  /** Batch statistics or moving statistics in the batch normalizations. */
  isTraining: boolean;
  /** Average over height and width before the logits. */
  globalPool: boolean;
  /** Input size over feature size: a multiple of 4, reached by dilation; null: 32. */
  outputStride: number | null;
  reuse: Reuse;
  scope: Scope;
}

/** Options of `resnetV1`. */
export interface ResnetV1Options extends ResnetV1DepthOptions {
  /** The 7x7 convolution and the max pooling before the blocks; together they divide the size by 4. */
  includeRootBlock: boolean;
}

const defaults: ResnetV1Options = {
  numClasses: null,
  isTraining: true,
  globalPool: true,
  outputStride: null,
  includeRootBlock: true,
  reuse: null,
  scope: null,
};

/**
 * A residual network of [1] out of blocks. Call it inside `argScope(resnetArgScope(), ...)` for the published form.
 *
 * For classification, height and width of 224 give 7x7 features at stride 32. For dense prediction, sizes of 32 k + 1 give
 * features that are aligned with the image's corners: pass `globalPool: false` and an `outputStride`.
 * @param inputs images [N, H, W, 3]
 * @throws ArgumentError for an output stride that cannot be reached; ScopeError for names that are taken or, with reuse, missing;
 *   ShapeError for inputs of another rank
 */
export function resnetV1(inputs: Tensor, blocks: readonly Block[], options: Options<ResnetV1Options> = {}): Network {
  const o = mergeOptions('resnetV1', defaults, options);
  const numClasses = o.numClasses === null ? null : positiveInteger(o.numClasses, 'resnetV1: numClasses');
  requireTensor(inputs, 'resnetV1');
  lastDimension(inputs.shape, 4);
  return variableScope(o.scope, { defaultName: 'resnet_v1', reuse: o.reuse }, (sc) => {
    const collection = `${sc.originalNameScope}_end_points`;
    return argScope([conv2d, bottleneck, stackBlocksDense], { outputsCollections: collection }, () =>
      argScope([batchNorm], { isTraining: o.isTraining }, () => {
        let net = inputs;
        let outputStride = o.outputStride;
        if (o.includeRootBlock) {
          outputStride = behindRoot(outputStride);
          net = conv2dSame(net, 64, 7, 2, { scope: 'conv1' });
          net = maxPool2d(net, [3, 3], { stride: 2, scope: 'pool1' });
        }
        net = stackBlocksDense(net, blocks, { outputStride });
        if (o.globalPool) net = reduceMean(net, [1, 2], { keepDims: true, name: 'pool5' });
        if (numClasses !== null)
          net = conv2d(net, numClasses, [1, 1], { activationFn: null, normalizerFn: null, scope: 'logits' });
        const endPoints = convertCollectionToDict(collection);
        if (numClasses !== null) endPoints.predictions = softmax(net, { scope: 'predictions' });
        return { net, endPoints };
      }),
    );
  });
}

/** The output stride that is left for the blocks. */
function behindRoot(outputStride: number | null): number | null {
  if (outputStride === null) return null;
  if (positiveInteger(outputStride, 'outputStride') % 4 !== 0)
    throw new ArgumentError(`outputStride: it needs to be a multiple of 4, received ${outputStride}.`);
  return outputStride / 4;
}

/** A published network: units in its four blocks. */
function published(name: string, units: readonly [number, number, number, number]) {
  const blocks = [
    resnetV1Block('block1', { baseDepth: 64, numUnits: units[0], stride: 2 }),
    resnetV1Block('block2', { baseDepth: 128, numUnits: units[1], stride: 2 }),
    resnetV1Block('block3', { baseDepth: 256, numUnits: units[2], stride: 2 }),
    resnetV1Block('block4', { baseDepth: 512, numUnits: units[3], stride: 1 }),
  ];
  const { includeRootBlock, ...shared } = defaults;
  const own: ResnetV1DepthOptions = { ...shared, scope: name };
  return (inputs: Tensor, options: Options<ResnetV1DepthOptions> = {}): Network =>
    resnetV1(inputs, blocks, { ...mergeOptions(name, own, options), includeRootBlock });
}

/** ResNet-50 of [1], table 1. See `resnetV1` for inputs, results and errors. */
export const resnetV1_50 = published('resnet_v1_50', [3, 4, 6, 3]);

/** ResNet-101 of [1], table 1. */
export const resnetV1_101 = published('resnet_v1_101', [3, 4, 23, 3]);

/** ResNet-152 of [1], table 1. */
export const resnetV1_152 = published('resnet_v1_152', [3, 8, 36, 3]);

/** The 200-layer network of arXiv:1603.05027 in the form of [1]. */
export const resnetV1_200 = published('resnet_v1_200', [3, 24, 36, 3]);
