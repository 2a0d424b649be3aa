import { describe } from '../../core/dtype.js';
import { apply, type Tensor, type Variable } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { Activation } from '../activations.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectionList, collectNamedOutputs, GraphKeys } from '../collections.js';
import { getVariable } from '../get_variable.js';
import { type Initializer, onesInitializer, zerosInitializer } from '../initializers.js';
import { checkedOptions } from '../options.js';
import { constant } from '../placeholder.js';
import type { Regularizer } from '../regularizers.js';
import { lastDimension, requireTensor } from '../utils.js';
import { type Reuse, type Scope, variableScope } from '../variable_scope.js';
import {
  activated,
  checkDataFormat,
  type DataFormat,
  layerVariable,
  requireBoolean,
  requireFunction,
  requireInitializer,
  type VariablesCollections,
} from './common.js';

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
  /** true: statistics of the batch, and updates; false: the moving statistics. */
  isTraining: boolean;
  reuse: Reuse;
  variablesCollections: VariablesCollections;
  outputsCollections: CollectionNames;
  trainable: boolean;
  /** The moving variance gets the unbiased variance of the batch (inputs of rank 2 or 4); null means true. */
  fused: boolean | null;
  dataFormat: DataFormat;
  /** Keep the moving mean free of its bias towards the initial zero. */
  zeroDebiasMovingMean: boolean;
  /** Scope of variables and ops; `BatchNorm`, made unique, when null. */
  scope: Scope;
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
  fused: null,
  dataFormat: 'NHWC',
  zeroDebiasMovingMean: false,
  scope: null,
};

/**
 * Batch normalization (Ioffe and Szegedy, 2015) over all axes but the last.
 * @param inputs [N, ..., C] with C known
 * @returns a tensor of the same shape; the variables, each [C], are `gamma` (when scaling), `beta` (when centering),
 *   `moving_mean` and `moving_variance`
 * @throws ShapeError when the number of channels is unknown; ArgumentError for bad options
 */
export const batchNorm = addArgScope(
  'batch_norm',
  defaults,
  (inputs: Tensor, o: BatchNormOptions): Tensor =>
    variableScope(o.scope, { defaultName: 'BatchNorm', reuse: o.reuse }, (sc) => {
      const where = `batchNorm (${sc.name})`;
      requireTensor(inputs, where);
      checkOptions(o, where);
      const channels = lastDimension(inputs.shape, 2);
      const rank = inputs.shape.length;
      const fused = (o.fused ?? true) && (rank === 2 || rank === 4);
      const { offset, scale } = affine(channels, o, isStandard(o, fused, rank), where);
      const mean = statistic('moving_mean', channels, o, zerosInitializer());
      const variance = statistic('moving_variance', channels, o, onesInitializer());
      const net = o.isTraining
        ? training({ x: inputs, scale, offset }, mean, variance, fused, o)
        : apply(
            ops.batchNorm,
            { x: inputs, scale, offset, mean: mean.tensor, variance: variance.tensor },
            { epsilon: o.epsilon },
            opName(fused),
          ).y;
      return collectNamedOutputs(o.outputsCollections, sc.name, activated(net, o.activationFn, where));
    }),
);

function opName(fused: boolean): string {
  return fused ? 'FusedBatchNormV3' : 'batchnorm';
}

/** Slim has a second way through its code, with another order of the variables, for everything that is not the usual case. */
function isStandard(o: BatchNormOptions, fused: boolean, rank: number): boolean {
  return o.updatesCollections === GraphKeys.updateOps && !o.zeroDebiasMovingMean && !(fused && rank === 2);
}

/** `gamma` and `beta`, or the constants that stand for them; in the usual case `gamma` is made first. */
function affine(
  channels: number,
  o: BatchNormOptions,
  gammaFirst: boolean,
  where: string,
): { readonly offset: Tensor; readonly scale: Tensor } {
  const parameter = (name: 'beta' | 'gamma', fallback: Initializer) => {
    const initializer = o.paramInitializers?.[name] ?? fallback;
    const regularizer = o.paramRegularizers?.[name] ?? null;
    requireInitializer(initializer, `${where}: paramInitializers: ${name}`);
    requireFunction(regularizer, `${where}: paramRegularizers: ${name}`);
    return layerVariable(name, {
      shape: [channels],
      dtype: 'float32',
      initializer,
      regularizer,
      trainable: o.trainable,
      variablesCollections: o.variablesCollections,
    }).tensor;
  };
  const makeScale = () => (o.scale ? parameter('gamma', onesInitializer()) : constant(1, { shape: [channels] }));
  const makeOffset = () => (o.center ? parameter('beta', zerosInitializer()) : constant(0, { shape: [channels] }));
  if (gammaFirst) {
    const scale = makeScale();
    return { scale, offset: makeOffset() };
  }
  const offset = makeOffset();
  return { offset, scale: makeScale() };
}

function statistic(
  name: 'moving_mean' | 'moving_variance',
  channels: number,
  o: BatchNormOptions,
  fallback: Initializer,
): Variable {
  const initializer = o.paramInitializers?.[name] ?? fallback;
  return layerVariable(name, {
    shape: [channels],
    dtype: 'float32',
    initializer,
    trainable: false,
    variablesCollections: o.variablesCollections,
  });
}

function training(
  inputs: { readonly x: Tensor; readonly scale: Tensor; readonly offset: Tensor },
  mean: Variable,
  variance: Variable,
  fused: boolean,
  o: BatchNormOptions,
): Tensor {
  const batch = apply(ops.batchNormTraining, inputs, { epsilon: o.epsilon, bessel: fused }, opName(fused));
  const attrs = { decay: o.decay };
  const updates = [
    o.zeroDebiasMovingMean
      ? apply(
          ops.assignDebiasedMovingAverage,
          { variable: mean.tensor, ...debiasing(mean, fused), value: batch.mean },
          attrs,
          'AssignMovingAvg',
        ).y
      : apply(ops.assignMovingAverage, { variable: mean.tensor, value: batch.mean }, attrs, 'AssignMovingAvg').y,
    apply(ops.assignMovingAverage, { variable: variance.tensor, value: batch.variance }, attrs, 'AssignMovingAvg').y,
  ];
  const { graph } = batch.y;
  if (o.updatesCollections === null) graph.forceUpdates(batch.y, updates);
  else
    for (const name of collectionList(o.updatesCollections, 'updatesCollections'))
      for (const update of updates) graph.addToCollection(name, update);
  return batch.y;
}

/** The average before its correction and the number of updates, below the full name of the mean inside the current scope. */
function debiasing(mean: Variable, fused: boolean): { readonly biased: Tensor; readonly local_step: Tensor } {
  const options = {
    dtype: 'float32',
    initializer: zerosInitializer(),
    trainable: false,
    collections: fused ? [GraphKeys.globalVariables] : [GraphKeys.globalVariables, GraphKeys.modelVariables],
  } as const;
  return variableScope(mean.name, () => ({
    biased: getVariable('biased', { ...options, shape: mean.shape }).tensor,
    local_step: getVariable('local_step', { ...options, shape: [] }).tensor,
  }));
}

function checkOptions(o: BatchNormOptions, where: string): void {
  checkDataFormat(o.dataFormat, where);
  if (typeof o.isTraining !== 'boolean') {
    throw new ArgumentError(`${where}: isTraining cannot be ${describe(o.isTraining)}; it is true or false.`, {
      hint: 'a graph is built for one of the two; build a second one with reuse for the other.',
    });
  }
  for (const name of ['center', 'scale', 'trainable', 'zeroDebiasMovingMean'] as const)
    requireBoolean(o[name], `${where}: ${name}`);
  if (o.fused !== null) requireBoolean(o.fused, `${where}: fused`);
  if (typeof o.decay !== 'number' || !(o.decay >= 0 && o.decay <= 1))
    throw new ArgumentError(`${where}: decay: expected 0 to 1, received ${describe(o.decay)}.`);
  if (typeof o.epsilon !== 'number' || !(o.epsilon >= 0))
    throw new ArgumentError(
      `${where}: epsilon: expected a number that is not negative, received ${describe(o.epsilon)}.`,
    );
  checkedOptions(
    `${where}: paramInitializers`,
    new Set(['beta', 'gamma', 'moving_mean', 'moving_variance']),
    o.paramInitializers ?? undefined,
  );
  checkedOptions(`${where}: paramRegularizers`, new Set(['beta', 'gamma']), o.paramRegularizers ?? undefined);
}
