import { describe } from '../../core/dtype.js';
import type { Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { type Activation, relu } from '../activations.js';
import { type ArgScope, addArgScope, argScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs, GraphKeys } from '../collections.js';
import { varianceScalingInitializer } from '../initializers.js';
import { requireBoolean } from '../layers/common.js';
import { batchNorm, conv2d, maxPool2d } from '../layers/index.js';
import { maxPool, pad } from '../math.js';
import { mergeOptions, type Options } from '../options.js';
import { l2Regularizer } from '../regularizers.js';
import { positiveInteger, requireTensor } from '../utils.js';
import { nameScope, type Scope, variableScope } from '../variable_scope.js';

/** One residual unit of a block. */
export interface Unit {
  /** Channels of the unit's output. */
  readonly depth: number;
  /** Channels of the convolutions in between. */
  readonly depthBottleneck: number;
  /** 1 when left out. */
  readonly stride?: number;
  /** Dilation of the 3x3 convolution; 1 when left out. */
  readonly rate?: number;
  /** The convolution that strides; conv2, the 3x3, of a bottleneck unit and conv1 of a basic one when left out. */
  readonly strideOn?: 'conv1' | 'conv2';
  /** Dilation behind the convolution that would have strided; `rate` when left out. */
  readonly rateBehind?: number;
}

/** Stride and dilation of a convolution. */
export interface Sampling {
  readonly stride: number;
  readonly rate: number;
}

/**
 * Strides and dilations of a unit's first two convolutions.
 * @param unless the convolution that strides when the unit does not say
 * @throws ArgumentError
 */
export function samplingOf(unit: Unit, unless: 'conv1' | 'conv2'): readonly [Sampling, Sampling] {
  const { stride = 1, rate = 1, rateBehind = rate, strideOn = unless } = unit;
  if (strideOn !== 'conv1' && strideOn !== 'conv2')
    throw new ArgumentError(`Unit: strideOn: expected conv1 or conv2, received ${describe(strideOn)}.`);
  if (strideOn === 'conv2')
    return [
      { stride: 1, rate },
      { stride, rate },
    ];
  return [
    { stride, rate },
    { stride: 1, rate: rateBehind },
  ];
}

/** Builds one residual unit. */
export type UnitFunction = (inputs: Tensor, unit: Unit) => Tensor;

/** A block of residual units, as data. */
export class Block {
  readonly scope: string;
  readonly unitFn: UnitFunction;
  /** One entry for each unit. */
  readonly args: readonly Unit[];

  constructor(scope: string, unitFn: UnitFunction, args: readonly Unit[]) {
    this.scope = scope;
    this.unitFn = unitFn;
    this.args = args;
  }
}

/**
 * Takes every `factor`-th row and column, beginning with the first: a max pooling whose window is one pixel.
 * @param inputs [N, H, W, C]
 * @returns [N, ceil(H / factor), ceil(W / factor), C]; with factor 1 the very same tensor
 */
export function subsample(inputs: Tensor, factor: number, options: Options<{ scope: string | null }> = {}): Tensor {
  const { scope } = mergeOptions<{ scope: string | null }>('subsample', { scope: null }, options);
  requireTensor(inputs, 'subsample');
  if (positiveInteger(factor, 'subsample: factor') === 1) return inputs;
  return maxPool2d(inputs, [1, 1], { stride: factor, scope });
}

/**
 * A strided convolution whose padding depends on the kernel alone, not on the size of the input, as SAME does: it equals
 * the convolution with stride 1 and SAME padding, subsampled.
 * @param inputs [N, H, W, C]
 * @param kernelSize height and width of the kernel
 * @returns [N, ceil(H / stride), ceil(W / stride), numOutputs]
 */
export function conv2dSame(
  inputs: Tensor,
  numOutputs: number,
  kernelSize: number,
  stride: number,
  options: Options<{ rate: number; scope: Scope }> = {},
): Tensor {
  const { rate, scope } = mergeOptions<{ rate: number; scope: Scope }>('conv2dSame', { rate: 1, scope: null }, options);
  requireTensor(inputs, 'conv2dSame');
  const kernel = positiveInteger(kernelSize, 'conv2dSame: kernelSize');
  if (positiveInteger(stride, 'conv2dSame: stride') === 1)
    return conv2d(inputs, numOutputs, kernel, { stride: 1, rate, padding: 'SAME', scope });
  if (inputs.shape.length !== 4)
    throw new ShapeError(`conv2dSame: expected inputs of rank 4, received ${shapeText(inputs.shape)}.`);
  const total = (kernel - 1) * positiveInteger(rate, 'conv2dSame: rate');
  const before = Math.floor(total / 2);
  const padded = pad(inputs, [
    [0, 0],
    [before, total - before],
    [before, total - before],
    [0, 0],
  ]);
  return conv2d(padded, numOutputs, kernel, { stride, rate, padding: 'VALID', scope });
}

/**
 * A max pooling whose padding depends on the window alone, not on the size of the input, as SAME does.
 * @param inputs [N, H, W, C]
 * @param kernelSize height and width of the window
 * @returns [N, ceil(H / stride), ceil(W / stride), C] for odd kernels
 */
export function maxPool2dSame(
  inputs: Tensor,
  kernelSize: number,
  stride: number,
  options: Options<{ scope: string | null }> = {},
): Tensor {
  const { scope } = mergeOptions<{ scope: string | null }>('maxPool2dSame', { scope: null }, options);
  requireTensor(inputs, 'maxPool2dSame');
  const total = positiveInteger(kernelSize, 'maxPool2dSame: kernelSize') - 1;
  const before = Math.floor(total / 2);
  const window = { size: kernelSize, stride: positiveInteger(stride, 'maxPool2dSame: stride') };
  return nameScope(scope ?? 'MaxPool2D', () => maxPool(inputs, { ...window, pads: [before, total - before] }));
}

interface StackOptions {
  /** Input size over output size of the features; where it is reached, strides turn into dilation. null: as the units say. */
  outputStride: number | null;
  /** Collect a block's output before the stride of its last unit, which then subsamples behind it: the result is the same. */
  storeNonStridedActivations: boolean;
  outputsCollections: CollectionNames;
}

/**
 * Stacks residual blocks and controls how dense their features are: once the wanted output stride is reached, the units keep
 * stride 1 and the strides that they lose become the dilation of those after them (atrous convolution), so the same weights
 * give the same features on a finer grid.
 * @param inputs [N, H, W, C]
 * @returns the output of the last block; the output of each block is collected under the block's name
 * @throws ArgumentError when the strides of the units cannot make up the output stride
 */
export const stackBlocksDense = addArgScope(
  'stack_blocks_dense',
  { outputStride: null, storeNonStridedActivations: false, outputsCollections: null } as StackOptions,
  (inputs: Tensor, blocks: readonly Block[], o: StackOptions): Tensor => {
    const { outputStride, storeNonStridedActivations, outputsCollections } = o;
    if (!Array.isArray(blocks))
      throw new ArgumentError(`stackBlocksDense: blocks: expected a list, received ${describe(blocks)}.`);
    if (outputStride !== null) positiveInteger(outputStride, 'stackBlocksDense: outputStride');
    let currentStride = 1;
    let rate = 1;
    /** Builds what strides: with its stride or, where the output stride is reached, with a rate for all that follows. */
    const strided = (stride: number, build: (sampling: Sampling, rateBehind: number) => Tensor): Tensor => {
      if (currentStride === outputStride) {
        const before = rate;
        rate *= stride;
        return build({ stride: 1, rate: before }, rate);
      }
      currentStride *= stride;
      if (outputStride !== null && currentStride > outputStride) throw unreachable(outputStride, currentStride);
      return build({ stride, rate: 1 }, 1);
    };
    let net = inputs;
    for (const block of blocks as readonly Block[]) {
      net = variableScope(block.scope, 'block', (sc) => {
        let blockStride = 1;
        block.args.forEach((unit, i) => {
          let unitStride = unit.stride ?? 1;
          if (storeNonStridedActivations && i === block.args.length - 1) {
            blockStride = unitStride;
            unitStride = 1;
          }
          net = variableScope(`unit_${i + 1}`, () =>
            strided(unitStride, (sampling, rateBehind) => block.unitFn(net, { ...unit, ...sampling, rateBehind })),
          );
        });
        collectNamedOutputs(outputsCollections, sc.name, net);
        return strided(blockStride, ({ stride }) => subsample(net, stride));
      });
    }
    if (outputStride !== null && currentStride !== outputStride) throw unreachable(outputStride, currentStride);
    return net;
  },
);

function unreachable(outputStride: number, reached: number): ArgumentError {
  return new ArgumentError(
    `The target outputStride cannot be reached: it is ${outputStride} behind the root block, the units' strides come to ${reached}.`,
    {
      hint: 'the published networks take 4, 8, 16, 32 or null.',
    },
  );
}

/** Options of `resnetArgScope`. */
export interface ResnetArgScopeOptions {
  /** Factor of the L2 loss of all convolution weights. */
  weightDecay: number;
  batchNormDecay: number;
  batchNormEpsilon: number;
  /** Whether batch normalizations have a `gamma`. */
  batchNormScale: boolean;
  /** Activation of the convolutions; what follows a sum, and batch normalizations of their own, stay relu. */
  activationFn: Activation | null;
  /** false: convolutions have biases instead of batch normalizations. */
  useBatchNorm: boolean;
  /** Where the updates of the moving statistics are collected. */
  batchNormUpdatesCollections: CollectionNames;
}

/** The defaults with which the published residual networks were trained, as a scope to be entered by `argScope`. */
export function resnetArgScope(options: Options<ResnetArgScopeOptions> = {}): ArgScope {
  const defaults: ResnetArgScopeOptions = {
    weightDecay: 0.0001,
    batchNormDecay: 0.997,
    batchNormEpsilon: 1e-5,
    batchNormScale: true,
    activationFn: relu,
    useBatchNorm: true,
    batchNormUpdatesCollections: GraphKeys.updateOps,
  };
  const o = mergeOptions('resnetArgScope', defaults, options);
  requireBoolean(o.useBatchNorm, 'resnetArgScope: useBatchNorm');
  const batchNormParams = {
    decay: o.batchNormDecay,
    epsilon: o.batchNormEpsilon,
    scale: o.batchNormScale,
    updatesCollections: o.batchNormUpdatesCollections,
  };
  const convolutions = {
    weightsRegularizer: l2Regularizer(o.weightDecay),
    weightsInitializer: varianceScalingInitializer(),
    activationFn: o.activationFn,
    normalizerFn: o.useBatchNorm ? batchNorm : null,
    normalizerParams: batchNormParams,
  };
  return argScope([conv2d], convolutions, () =>
    argScope([batchNorm], batchNormParams, () =>
      // SAME keeps the features aligned for dense prediction; the article's networks have it too.
      argScope([maxPool2d], { padding: 'SAME' }, (scope) => scope),
    ),
  );
}
