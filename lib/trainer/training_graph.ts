/** The graph of a training: network in training mode, loss, and all that a step does. */

import { similarNames } from '../checkpoint/restore/similar_names.js';
import { Graph, type Tensor, type Variable } from '../core/graph.js';
import { defined } from '../core/options.js';
import { elementCount } from '../core/shape.js';
import type { PreprocessingSpec } from '../data/index.js';
import { ArgumentError } from '../errors.js';
import { callBuild, isOwn, type OwnEntry } from '../model/own_network.js';
import { argScope } from '../slim/arg_scope.js';
import { GraphKeys } from '../slim/collections.js';
import { freezeScopes } from '../slim/frozen_scopes.js';
import { getOrCreateGlobalStep } from '../slim/global_step.js';
import { oneHotEncoding } from '../slim/layers/index.js';
import { addLoss, getLosses, getTotalLoss, softmaxCrossEntropy } from '../slim/losses/index.js';
import { argMax, cast, squeeze } from '../slim/math.js';
import { accuracy } from '../slim/metrics/index.js';
import type { NetworkEntry } from '../slim/nets/registry.js';
import { placeholder } from '../slim/placeholder.js';
import { createTrainOp, ExponentialMovingAverage, type Optimizer, trainOpInfo } from '../train/index.js';
import type { CheckedOptions } from './options.js';

/** What is trained: a network of the registry, or one of one's own. */
export type TrainedEntry = NetworkEntry | OwnEntry;

/** How much of the moving statistics a step keeps unless told. */
const usualBatchNormDecay = 0.9;

/** A training, as nodes. */
export interface TrainingGraph {
  readonly graph: Graph;
  readonly trainOp: Tensor;
  /** Part of the batch that is right. */
  readonly accuracy: Tensor;
  readonly learningRate: Tensor;
  readonly globalStep: Variable;
  /** The network's variables, with moving statistics. */
  readonly modelVariables: readonly Variable[];
  readonly trained: readonly Variable[];
  /** The moving average of each variable of the network, where there are any. */
  readonly averages: ReadonlyMap<Variable, Variable>;
  /** Whether each image has a weight in the loss: the feed `weights`. */
  readonly weighted: boolean;
}

type GraphOptions = Pick<
  CheckedOptions,
  | 'batchSize'
  | 'gradientAccumulationSteps'
  | 'learningRateScales'
  | 'trainableScopes'
  | 'freeze'
  | 'weightDecay'
  | 'batchNormDecay'
  | 'labelSmoothing'
  | 'loss'
  | 'clipGradientNorm'
  | 'movingAverageDecay'
  | 'classBalance'
  | 'seed'
  | 'recompute'
>;

const where = 'Trainer.create';

/**
 * Builds the training of a network for batches of images and labels.
 * @throws ArgumentError for scopes that name nothing, and what else does not fit
 */
export function buildTraining(
  entry: TrainedEntry,
  classes: number,
  { height, width }: PreprocessingSpec,
  optimizer: Optimizer,
  o: GraphOptions,
): TrainingGraph {
  const graph = new Graph({ seed: o.seed });
  freezeScopes(graph, o.freeze);
  return graph.build(() => {
    const images = placeholder('float32', [o.batchSize, height, width, 3], { name: 'images' });
    const labels = placeholder('int32', [o.batchSize], { name: 'labels' });
    const weighted = o.classBalance === 'weights';
    const logits = rows(trainingLogits(entry, images, classes, o));
    if (o.loss === undefined) {
      const weights = weighted ? placeholder('float32', [o.batchSize], { name: 'weights' }) : 1;
      softmaxCrossEntropy(logits, oneHotEncoding(labels, classes), { labelSmoothing: o.labelSmoothing, weights });
    } else {
      const loss = o.loss(logits, labels);
      if (!getLosses().includes(loss)) addLoss(loss);
    }
    const right = accuracy(cast(argMax(logits, -1), 'int32'), labels);
    const globalStep = getOrCreateGlobalStep(graph);
    const modelVariables = [...graph.variables.values()].filter((variable) => variable !== globalStep);
    const trained = trainedVariables(graph, o);
    const averages =
      o.movingAverageDecay === undefined ? new Map() : averaged(modelVariables, o.movingAverageDecay, globalStep);
    const trainOp = createTrainOp(getTotalLoss(), optimizer, {
      globalStep,
      variablesToTrain: trained,
      clipGradientNorm: o.clipGradientNorm,
      gradientAccumulationSteps: o.gradientAccumulationSteps,
      recompute: o.recompute,
      learningRateScales: scalesOf(trained, o.learningRateScales),
    });
    const { learningRate } = trainOpInfo(trainOp);
    return { graph, trainOp, accuracy: right, learningRate, globalStep, modelVariables, trained, averages, weighted };
  });
}

function trainingLogits(entry: TrainedEntry, images: Tensor, numClasses: number, o: GraphOptions): Tensor {
  if (isOwn(entry)) {
    if (o.weightDecay !== undefined || o.batchNormDecay !== undefined)
      throw new ArgumentError(`${where}: weightDecay and batchNormDecay of a network of your own stand in its build.`, {
        hint: 'argScope(resnetArgScope({ weightDecay, batchNormDecay }), ...), for example.',
      });
    return callBuild(entry, images, numClasses, true).net;
  }
  const scope = entry.argScope(
    defined({ weightDecay: o.weightDecay, batchNormDecay: o.batchNormDecay ?? usualBatchNormDecay }),
  );
  const options = { numClasses, isTraining: true, globalPool: true };
  return argScope(scope, () => entry.build(images, options)).net;
}

/** Logits of [N, classes]. */
function rows(logits: Tensor): Tensor {
  const between = logits.shape.slice(1, -1).map((_, i) => i + 1);
  return between.length === 0 ? logits : squeeze(logits, between, 'logits');
}

function averaged(
  variables: readonly Variable[],
  decay: number,
  numUpdates: Variable,
): ReadonlyMap<Variable, Variable> {
  const average = new ExponentialMovingAverage(decay, { numUpdates });
  const [first] = variables;
  const update = average.apply(variables);
  if (first !== undefined) first.tensor.graph.addToCollection(GraphKeys.updateOps, update);
  return new Map(variables.map((variable) => [variable, average.average(variable)]));
}

function trainedVariables(graph: Graph, { trainableScopes, freeze }: GraphOptions): readonly Variable[] {
  const trainable = graph.getCollection<Variable>(GraphKeys.trainableVariables);
  assertFound('trainableScopes', trainableScopes ?? [], trainable);
  assertFound('freeze', freeze, trainable);
  const trained = trainable.filter(
    ({ name }) =>
      (trainableScopes === undefined || trainableScopes.some((scope) => name.startsWith(scope))) &&
      !freeze.some((scope) => name.startsWith(scope)),
  );
  if (trained.length === 0) throw new ArgumentError(`${where}: freeze and trainableScopes leave nothing to train.`);
  return trained;
}

function scalesOf(
  variables: readonly Variable[],
  scales: Readonly<Record<string, number>>,
): ReadonlyMap<Variable, number> {
  const scopes = Object.keys(scales).sort((a, b) => b.length - a.length);
  assertFound('learningRateScales', scopes, variables);
  const found = new Map<Variable, number>();
  for (const variable of variables) {
    const scope = scopes.find((each) => variable.name.startsWith(each));
    if (scope !== undefined) found.set(variable, scales[scope] as number);
  }
  return found;
}

/** A name that no variable has is a mistake in it. @throws ArgumentError */
export function assertFound(option: string, scopes: readonly string[], variables: readonly Variable[]): void {
  for (const scope of scopes) {
    if (variables.some(({ name }) => name.startsWith(scope))) continue;
    const near = similarNames(scope, scopesOf(variables));
    throw new ArgumentError(`${where}: ${option}: no variable's name begins with ${JSON.stringify(scope)}.`, {
      node: scope,
      hint: `names begin with ${(near.length > 0 ? near : [...scopesOf(variables)].slice(0, 5)).join(', ')}.`,
    });
  }
}

/** The scopes in which variables stand, at any depth. */
function scopesOf(variables: readonly Variable[]): Set<string> {
  const scopes = new Set<string>();
  for (const { name } of variables) {
    const parts = name.split('/');
    for (let i = 1; i < parts.length; i++) scopes.add(parts.slice(0, i).join('/'));
  }
  return scopes;
}

/** Numbers that variables hold. */
export function valuesIn(variables: readonly Variable[]): number {
  return variables.reduce((sum, { shape }) => sum + (elementCount(shape) ?? 0), 0);
}

/** What a step gives besides the loss. */
export function stepFetches({ accuracy, learningRate }: TrainingGraph) {
  return { accuracy, learningRate };
}
