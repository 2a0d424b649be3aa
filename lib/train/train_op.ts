/** One training step as one tensor: who fetches it trains. */
import { gradients, type Recompute } from '../autodiff/index.js';
import { describe } from '../core/dtype.js';
import { assertGlobalStep } from '../core/global_step.js';
import { apply, type Graph, Tensor, type Variable } from '../core/graph.js';
import { checkBoolean, checkInteger, type Defaults, withDefaults } from '../core/options.js';
import { shapeText } from '../core/shape.js';
import { ArgumentError, ShapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { GraphKeys } from '../slim/collections.js';
import { getOrCreateGlobalStep } from '../slim/global_step.js';
import { identity } from '../slim/math.js';
import { type Accumulation, accumulate } from './accumulation.js';
import { applyGradients, type GradientAndVariable } from './apply_gradients.js';
import { clipGradientNorms, type GradientMultipliers, multiplyGradients } from './gradient_processing.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { checkRate } from './schedules/schedule.js';

/** Options of `createTrainOp`. */
export interface CreateTrainOpOptions {
  /** Counts the steps: the graph's own unless told, made where it has none; null: nothing counts. */
  readonly globalStep?: Variable | null;
  /** Updates that belong to the step: all of the collection `update_ops` unless told. */
  readonly updateOps?: readonly Tensor[] | null;
  /** All of the collection `trainable_variables` unless told. */
  readonly variablesToTrain?: readonly Variable[] | null;
  /** Each gradient whose norm is larger is scaled to this norm, after the multipliers; 0: none. */
  readonly clipGradientNorm?: number;
  /** Factors of gradients, by variable or by the name of one. */
  readonly gradientMultipliers?: GradientMultipliers | null;
  /** Factors of the learning rate, by variable; 1 unless told. */
  readonly learningRateScales?: ReadonlyMap<Variable, number>;
  /** A loss that is NaN or infinite fails the step, which then changes nothing. Default true. */
  readonly checkNumerics?: boolean;
  /** Batches whose gradients are averaged for one step. Default 1. `trainStep` runs them one after the other. */
  readonly gradientAccumulationSteps?: number;
  /** As in `gradients`: memory for time. Default `none`: all that the way back needs is kept. */
  readonly recompute?: Recompute;
}

const defaults = {
  globalStep: undefined,
  updateOps: null,
  variablesToTrain: null,
  clipGradientNorm: 0,
  gradientMultipliers: null,
  learningRateScales: new Map(),
  checkNumerics: true,
  gradientAccumulationSteps: 1,
  recompute: 'none',
} satisfies Defaults<CreateTrainOpOptions>;

/** What is known of a train op besides its value. */
export interface TrainOpInfo {
  readonly globalStep: Variable | null;
  /** The learning rate of the step: a float32 scalar. */
  readonly learningRate: Tensor;
  /** The gradients that are applied, with their variables, as they leave the loss: before multipliers and clipping. */
  readonly gradients: readonly GradientAndVariable[];
  /** What runs for each batch but the last of a step; null where a step has one batch. */
  readonly accumulation: Accumulation | null;
}

const infos = Symbol('train ops');

/**
 * Adds all that one training step does to the graph: gradients of the loss, then their multipliers, then clipping of each by its own
 * norm, the optimizer's updates, the update ops and the count of the step.
 * @param totalLoss a scalar
 * @returns a scalar: whoever computes it makes the step. Its value is the loss with the weights from before the step. It stands in the
 *   collection `train_op`.
 * @throws ArgumentError for wrong options, and where there is nothing to train; GradientError for a variable that the loss does not reach
 */
export function createTrainOp(totalLoss: Tensor, optimizer: Optimizer, options: CreateTrainOpOptions = {}): Tensor {
  const where = 'createTrainOp';
  const o = withDefaults(where, options, defaults);
  if (!(totalLoss instanceof Tensor))
    throw new ArgumentError(`${where}: totalLoss: expected a tensor, received ${describe(totalLoss)}.`);
  if (totalLoss.shape.length !== 0)
    throw new ShapeError(`${where}: totalLoss: expected a scalar, received ${shapeText(totalLoss.shape)}.`, {
      node: totalLoss.name,
    });
  checkRate(where, 'clipGradientNorm', o.clipGradientNorm);
  checkBoolean(where, 'checkNumerics', o.checkNumerics);
  checkInteger(where, 'gradientAccumulationSteps', o.gradientAccumulationSteps, 1, 2 ** 31 - 1);
  const { graph } = totalLoss;
  return graph.build(() => {
    const globalStep = o.globalStep === undefined ? getOrCreateGlobalStep(graph) : o.globalStep;
    if (globalStep !== null) assertGlobalStep(globalStep);
    const updateOps = chosenUpdateOps(graph, o.updateOps);
    const variables = chosenVariables(graph, o.variablesToTrain);
    return graph.withNameScope('train_op', () => {
      const slopes = gradients(totalLoss, variables, { recompute: o.recompute });
      const found = variables.map((variable, i): GradientAndVariable => [slopes[i] as Tensor, variable]);
      const accumulation = accumulate(graph, found, o.gradientAccumulationSteps);
      let processed = accumulation === null ? found : accumulation.means;
      if (o.gradientMultipliers !== null) processed = multiplyGradients(processed, o.gradientMultipliers);
      if (o.clipGradientNorm > 0) processed = clipGradientNorms(processed, o.clipGradientNorm);
      const { updates, learningRate } = applyGradients(optimizer, processed, globalStep, o.learningRateScales);
      const checked = o.checkNumerics
        ? apply(ops.checkNumerics, { x: totalLoss }, { message: 'LossTensor is inf or nan' }, 'LossTensor').y
        : totalLoss;
      const made = (name: string, forced: readonly Tensor[]): Tensor => {
        // A node of its own: the loss itself may be fetched without a step.
        const result = identity(checked, name);
        graph.forceUpdates(result, [...updateOps, ...forced]);
        return result;
      };
      const trainOp = made('train_op', [...updates, ...(accumulation?.cleared ?? [])]);
      const partial =
        accumulation === null
          ? null
          : { steps: accumulation.steps, sums: accumulation.sums, op: made('accumulate_op', accumulation.added) };
      graph.addToCollection(GraphKeys.trainOp, trainOp);
      infosOf(graph).set(trainOp, { globalStep, learningRate, gradients: found, accumulation: partial });
      return trainOp;
    });
  });
}

/** What `createTrainOp` knows of its result. @throws ArgumentError for another tensor */
export function trainOpInfo(trainOp: Tensor): TrainOpInfo {
  const info = trainOp instanceof Tensor ? infosOf(trainOp.graph).get(trainOp) : undefined;
  if (info === undefined)
    throw new ArgumentError(`Expected a train op, received ${describe(trainOp)}.`, {
      hint: 'createTrainOp makes one.',
    });
  return info;
}

function infosOf(graph: Graph): Map<Tensor, TrainOpInfo> {
  return graph.state(infos, () => new Map<Tensor, TrainOpInfo>());
}

function chosenUpdateOps(graph: Graph, given: readonly Tensor[] | null): readonly Tensor[] {
  const collected = graph.getCollection<Tensor>(GraphKeys.updateOps);
  if (given === null) return collected;
  if (!Array.isArray(given) || !given.every((op) => op instanceof Tensor))
    throw new ArgumentError(`createTrainOp: updateOps: expected a list of tensors, received ${describe(given)}.`);
  const missing = collected.filter((op) => !given.includes(op));
  if (missing.length > 0)
    process.emitWarning(
      `updateOps in createTrainOp does not contain all the update ops of the graph: ${missing.length} are missing, ${missing[0]?.name} among them`,
    );
  return given;
}

function chosenVariables(graph: Graph, given: readonly Variable[] | null): readonly Variable[] {
  const trainable = graph.getCollection<Variable>(GraphKeys.trainableVariables);
  const variables = given ?? trainable;
  if (!Array.isArray(variables))
    throw new ArgumentError(
      `createTrainOp: variablesToTrain: expected a list of variables, received ${describe(given)}.`,
    );
  for (const variable of variables as readonly Variable[]) {
    if (!trainable.includes(variable)) {
      const name = (variable as Partial<Variable> | null)?.name;
      throw new ArgumentError(
        `createTrainOp: variablesToTrain: ${name ?? describe(variable)} is no trainable variable of this graph.`,
        name === undefined ? {} : { node: name },
      );
    }
  }
  if (variables.length === 0) throw new ArgumentError('createTrainOp: there are no variables to train.');
  return variables;
}
