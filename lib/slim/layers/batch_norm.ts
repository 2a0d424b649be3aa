import type { Tensor } from '../../core/graph.js';
import type { Activation } from '../activations.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs, GraphKeys } from '../collections.js';
import { isFrozen } from '../frozen_scopes.js';
import type { Initializer } from '../initializers.js';
import type { Regularizer } from '../regularizers.js';
import { requireTensor } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import { checkBatchNormOptions } from './batch_norm_options.js';
import { normalize } from './batch_norm_statistics.js';
import { affine, statistic } from './batch_norm_variables.js';
import { activated, type VariablesCollections } from './common.js';
import { channelsOf, type DataFormat, inChannelsLast } from './data_format.js';

/** Initializers of a batch normalization's variables by name. */
export type BatchNormInitializers = Readonly<
  Partial<Record<'beta' | 'gamma' | 'moving_mean' | 'moving_variance', Initializer>>
>;

/** Options of `batchNorm`. */
export interface BatchNormOptions {
  /** How much of the moving statistics each update keeps. */
  decay: number;
  /** Add `beta`. */
  center: boolean;
  /** Multiply by `gamma`. */
  scale: boolean;
  epsilon: number;
  activationFn: Activation | null;
  paramInitializers: BatchNormInitializers | null;
  paramRegularizers: Readonly<Partial<Record<'beta' | 'gamma', Regularizer>>> | null;
  /** Where the updates of the moving statistics are collected; null: they run whenever the output is computed. */
  updatesCollections: CollectionNames;
  /**
   * true: statistics of the batch, and updates; false: the moving statistics. A scalar of bool is asked at each run: both ways are
   * computed, and the updates leave the statistics alone when it is false.
   */
  isTraining: boolean | Tensor;
  reuse: Reuse;
  variablesCollections: VariablesCollections;
  outputsCollections: CollectionNames;
  trainable: boolean;
  /** How often each image counts in the statistics, [N]; null: once. */
  batchWeights: Tensor | null;
  /** The moving variance gets the unbiased variance of the batch (inputs of rank 2, 4 or 5, no weights); null means true. */
  fused: boolean | null;
  dataFormat: DataFormat;
  /** Keep the moving mean free of its bias towards the initial zero. */
  zeroDebiasMovingMean: boolean;
  /** Scope of variables and ops; `BatchNorm`, made unique, when null. */
  scope: Scope;
  /** Batch renormalization is refused. */
  renorm: boolean;
  /** Refused unless null. */
  adjustment: null;
}

const defaults: BatchNormOptions = {
  decay: 0.999,
  center: true,
  scale: false,
  epsilon: 0.001,
  activationFn: null,
  paramInitializers: null,
  paramRegularizers: null,
  updatesCollections: GraphKeys.updateOps,
  isTraining: true,
  reuse: null,
  variablesCollections: null,
  outputsCollections: null,
  trainable: true,
  batchWeights: null,
  fused: null,
  dataFormat: 'NHWC',
  zeroDebiasMovingMean: false,
  scope: null,
  renorm: false,
  adjustment: null,
};

/**
 * Batch normalization (Ioffe and Szegedy, 2015) over all axes but that of the channels.
 * @param inputs [N, ..., C], or [N, C, ...] in NCHW, with C known
 * @returns a tensor of the same shape; the variables, each [C], are `gamma` (when scaling), `beta` (when centering),
 *   `moving_mean` and `moving_variance`
 * @throws ShapeError when the number of channels is unknown; ArgumentError for bad options
 */
export const batchNorm = addArgScope(
  'batch_norm',
  defaults,
  (inputs: Tensor, given: BatchNormOptions): Tensor =>
    variableScope(given.scope, { defaultName: 'BatchNorm', reuse: given.reuse }, (sc) => {
      const where = `batchNorm (${sc.name})`;
      requireTensor(inputs, where);
      const o = isFrozen(inputs.graph, `${sc.name}/`) ? { ...given, isTraining: false } : given;
      checkBatchNormOptions(inputs, o, where);
      const channels = { count: channelsOf(inputs.shape, o.dataFormat, 2, where), dtype: inputs.dtype };
      const rank = inputs.shape.length;
      // Of two ways through Slim's code the usual one takes rank 5 for fused, the other one rank 2.
      const usual = isUsual(o);
      const fusible = rank === 2 || rank === 4 || (rank === 5 && usual);
      const fused = (o.fused ?? true) && fusible && o.batchWeights === null;
      const { offset, scale } = affine(channels, o, usual && !(fused && rank === 2), where);
      const moving = {
        mean: statistic('moving_mean', channels, o),
        variance: statistic('moving_variance', channels, o),
      };
      const net = inChannelsLast(inputs, o.dataFormat, fused ? 'FusedBatchNormV3' : 'batchnorm', (x, name) =>
        normalize({ x, scale, offset }, moving, fused, o, name),
      );
      return collectNamedOutputs(o.outputsCollections, sc.name, activated(net, o.activationFn, where));
    }),
);

/** Slim has a second way through its code, with another order of the variables, for everything that is not the usual case. */
function isUsual(o: BatchNormOptions): boolean {
  return o.updatesCollections === GraphKeys.updateOps && !o.zeroDebiasMovingMean && o.batchWeights === null;
}
