/** What resnet_v1 and resnet_v2 have in common: all but the unit, the root convolution and what follows the blocks. */
import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import { type ArgScoped, argScope } from '../arg_scope.js';
import { convertCollectionToDict } from '../collections.js';
import { batchNorm, conv2d, softmax } from '../layers/index.js';
import { reduceMean, squeeze } from '../math.js';
import { lastDimension, positiveInteger, requireTensor } from '../utils.js';
import { type Reuse, type Scope, type VariableScope, variableScope } from '../variable_scope.js';
import { type Network, numberOfClasses } from './network.js';
import { Block, stackBlocksDense, type Unit, type UnitFunction } from './resnet_utils.js';

/** Options that all builders of residual networks share. */
export interface ResnetOptions {
  /** Classes of the logits; null or 0 leaves logits and predictions away. */
  numClasses: number | null;
  /** Batch statistics or moving statistics in the batch normalizations; null: as the surrounding scope says. */
  isTraining: boolean | null;
  /** Average over height and width before the logits. */
  globalPool: boolean;
  /** Input size over feature size: a multiple of 4, reached by dilation; null: 32. */
  outputStride: number | null;
  /** The 7x7 convolution and the max pooling before the blocks; together they divide the size by 4. */
  includeRootBlock: boolean;
  /**
   * Chooses between Slim's two lines of code. null is that of tf_slim: logits of rank 4. true and false are that of the model
   * library: the end point `global_pool`, and with true the logits become [N, numClasses], the end point
   * `<scope>/spatial_squeeze`.
   */
  spatialSqueeze: boolean | null;
  reuse: Reuse;
  scope: Scope;
}

/** Options of the networks of one published depth. */
export type ResnetDepthOptions = Omit<ResnetOptions, 'includeRootBlock'>;

export const resnetDefaults: ResnetOptions = {
  numClasses: null,
  isTraining: true,
  globalPool: true,
  outputStride: null,
  includeRootBlock: true,
  spatialSqueeze: null,
  reuse: null,
  scope: null,
};

/** One of the two forms of residual networks. */
export interface ResnetForm {
  /** The builder's name, for errors. */
  readonly name: string;
  readonly defaultScope: string;
  /** The form's units; they have the option `outputsCollections`. */
  readonly units: readonly ArgScoped<never>[];
}

/**
 * The frame of a residual network: its scope, its end points, the mode of its batch normalizations, and what stands behind the
 * features.
 * @param features builds root block and blocks; gets the output stride that is left for the blocks
 */
export function residualNetwork(
  form: ResnetForm,
  inputs: Tensor,
  o: ResnetOptions,
  features: (outputStride: number | null) => Tensor,
): Network {
  const numClasses = numberOfClasses(o.numClasses, form.name);
  if (o.spatialSqueeze !== null && typeof o.spatialSqueeze !== 'boolean')
    throw new ArgumentError(
      `${form.name}: spatialSqueeze: expected true, false or null, received ${describe(o.spatialSqueeze)}.`,
    );
  requireTensor(inputs, form.name);
  lastDimension(inputs.shape, 4);
  return variableScope(o.scope, { defaultName: form.defaultScope, reuse: o.reuse }, (sc) => {
    const collection = `${sc.originalNameScope}_end_points`;
    return argScope([conv2d, ...form.units, stackBlocksDense], { outputsCollections: collection }, () =>
      inMode(o.isTraining, () => {
        const net = features(o.includeRootBlock ? behindRoot(o.outputStride) : o.outputStride);
        return classified(net, convertCollectionToDict(collection), sc, { ...o, numClasses });
      }),
    );
  });
}

function inMode<R>(isTraining: boolean | null, body: () => R): R {
  return isTraining === null ? body() : argScope([batchNorm], { isTraining }, body);
}

/** The output stride that is left for the blocks. */
function behindRoot(outputStride: number | null): number | null {
  if (outputStride === null) return null;
  if (positiveInteger(outputStride, 'outputStride') % 4 !== 0)
    throw new ArgumentError(`outputStride: it needs to be a multiple of 4, received ${outputStride}.`);
  return outputStride / 4;
}

/** Pooling, logits and predictions. */
function classified(
  features: Tensor,
  endPoints: Record<string, Tensor>,
  { name }: VariableScope,
  { globalPool, numClasses, spatialSqueeze }: ResnetOptions & { readonly numClasses: number },
): Network {
  let net = features;
  if (globalPool) {
    net = reduceMean(net, [1, 2], { keepDims: true, name: 'pool5' });
    if (spatialSqueeze !== null) endPoints.global_pool = net;
  }
  if (numClasses > 0) {
    net = conv2d(net, numClasses, [1, 1], { activationFn: null, normalizerFn: null, scope: 'logits' });
    endPoints[`${name}/logits`] = net;
    if (spatialSqueeze === true) {
      net = squeeze(net, [1, 2], 'SpatialSqueeze');
      endPoints[`${name}/spatial_squeeze`] = net;
    }
    endPoints.predictions = softmax(net, { scope: 'predictions' });
  }
  return { net, endPoints };
}

/** Size of a block of residual units, and where it strides. */
export interface BlockSize {
  /** Channels inside the units; the outputs of bottleneck units have four times as many. */
  readonly baseDepth: number;
  readonly numUnits: number;
  /** Stride of the block. */
  readonly stride: number;
  /**
   * The unit that strides: Slim's last one, which leaves the others the larger features, or the first one, as [1] has it and most
   * other libraries. The last one unless told.
   */
  readonly strideIn?: 'last_unit' | 'first_unit';
  /** The convolution in that unit that strides; `Unit` has the default. */
  readonly strideOn?: Unit['strideOn'];
}

/** A block of `numUnits` residual units whose outputs have `expansion * baseDepth` channels. */
export function residualBlock(
  scope: string,
  unitFn: UnitFunction,
  { baseDepth, numUnits, stride, strideIn = 'last_unit', strideOn }: BlockSize,
  expansion = 4,
): Block {
  if (strideIn !== 'last_unit' && strideIn !== 'first_unit')
    throw new ArgumentError(`${scope}: strideIn: expected last_unit or first_unit, received ${describe(strideIn)}.`);
  const unit = {
    depth: expansion * baseDepth,
    depthBottleneck: baseDepth,
    ...(strideOn === undefined ? {} : { strideOn }),
  };
  const striding = strideIn === 'first_unit' ? 0 : numUnits - 1;
  const units = Array.from({ length: numUnits }, (_, i) => ({ ...unit, stride: i === striding ? stride : 1 }));
  return new Block(scope, unitFn, units);
}

/** Units in the four blocks of each published depth: table 1 of arXiv:1512.03385, and the 200 layers of arXiv:1603.05027. */
export const publishedUnits = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
  200: [3, 24, 36, 3],
} as const;

export type PublishedDepth = keyof typeof publishedUnits;

/** The four blocks of a published depth; `baseDepthOf` may scale the channels. */
export function publishedBlocks(
  block: (scope: string, size: BlockSize) => Block,
  units: readonly [number, number, number, number],
  baseDepthOf: (depth: number) => number = (depth) => depth,
): readonly Block[] {
  return [
    block('block1', { baseDepth: baseDepthOf(64), numUnits: units[0], stride: 2 }),
    block('block2', { baseDepth: baseDepthOf(128), numUnits: units[1], stride: 2 }),
    block('block3', { baseDepth: baseDepthOf(256), numUnits: units[2], stride: 2 }),
    block('block4', { baseDepth: baseDepthOf(512), numUnits: units[3], stride: 1 }),
  ];
}
