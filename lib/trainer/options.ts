/** Options of a trainer: which there are, their defaults, and what is wrong with those that are given. */
import { type Recompute, recomputeModes } from '../autodiff/index.js';
import { describe } from '../core/dtype.js';
import type { Tensor } from '../core/graph.js';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  type Defaults,
  type WithDefaults,
  withDefaults,
} from '../core/options.js';
import type { Precision } from '../core/precision.js';
import type { AugmentationPolicy, DataSet, ImageCacheOptions, SkippedImage } from '../data/index.js';
import { ArgumentError, advice, spelledInCode } from '../errors.js';
import type { PublishedWeightsChoice, WeightLayout } from '../model/index.js';
import type { GpuOptions } from '../runtime/session/types.js';
import type { Optimizer } from '../train/index.js';
import type { EpochReport, EvaluationReport, TrainerStep } from './reports.js';

/** What an optimizer may be chosen by. */
export interface TrainingLength {
  /** Steps of an epoch; at least 1. */
  readonly stepsPerEpoch: number;
  /** Steps of the whole training. */
  readonly steps: number;
}

/** When training ends early. */
export interface EarlyStopping {
  /** Evaluations without an improvement after which training ends. */
  readonly patience: number;
  /** What counts as an improvement; 0 unless told. */
  readonly minDelta?: number;
}

/** What of an evaluation says which checkpoint is best. */
export type Monitor = 'top1' | 'top5' | 'loss';

/** What event files hold besides numbers. */
export interface SummaryOptions {
  /** Augmented images of the first batch; 4 unless told. */
  readonly images?: number;
  /** Distributions of the trained variables after each epoch; false unless told. */
  readonly histograms?: boolean;
}

/** Options of `Trainer.create`. */
export interface TrainerOptions {
  /** Labelled images; the classes become those of the network. Its `validation` part is evaluated. */
  readonly data: DataSet | Promise<DataSet>;
  /** Where checkpoints, event files and the record of the run go, and from where a training goes on. Unless told, nothing is written. */
  readonly trainDir?: string;
  /** Weights to begin with: any checkpoint that `loadModel` takes. Unless told, they are drawn from the seed. */
  readonly checkpoint?: string;
  /** Instead of a checkpoint: the weights that TF-Slim published for the network, as `loadModel` takes them; fetched where they are not kept already. */
  readonly weights?: PublishedWeightsChoice;
  /** Variables whose names begin so are not restored from `checkpoint`, such as `resnet_v1_50/logits`. */
  readonly excludeScopes?: readonly string[];
  /** Variables that `checkpoint` lacks are drawn from the seed. False unless told. */
  readonly ignoreMissing?: boolean;
  /** Who named the tensors of `checkpoint`; as the names show unless told. */
  readonly layout?: WeightLayout;
  /** Pixels a side; the network's own unless told. */
  readonly imageSize?: number;
  /** Images a batch; 32 unless told. */
  readonly batchSize?: number;
  /** Batches whose gradients are averaged for one step; 1 unless told. */
  readonly gradientAccumulationSteps?: number;
  /** Length of the training: epochs (10 unless told), or steps. */
  readonly epochs?: number;
  readonly steps?: number;
  /** How gradients change variables, or a function that chooses by the length of the training. */
  readonly optimizer?: Optimizer | ((length: TrainingLength) => Optimizer);
  /** Factors of the learning rate of variables whose names begin so; the longest name counts. */
  readonly learningRateScales?: Readonly<Record<string, number>>;
  /** Only variables whose names begin so are trained; all unless told. */
  readonly trainableScopes?: readonly string[];
  /** Variables whose names begin so stay as they are; batch normalizations among them use their moving statistics. */
  readonly freeze?: readonly string[];
  /** Factor of the L2 loss of the weights; the network's own unless told (0.0001 of the residual networks, 0.0005 of VGG). */
  readonly weightDecay?: number;
  /** How much of batch normalization's moving statistics a step keeps; 0.9 unless told. */
  readonly batchNormDecay?: number;
  /** How far the labels move towards all being alike, 0 to 1; 0 unless told. */
  readonly labelSmoothing?: number;
  /**
   * A loss of one's own: a scalar, of logits [batch, classes] and labels int32 [batch]. What `slim.losses` it is made of need not be
   * known: what it adds to the collection of losses counts once. Cross entropy unless told.
   */
  readonly loss?: (logits: Tensor, labels: Tensor) => Tensor;
  /** Each gradient whose norm is larger is scaled to this norm; 0 (none) unless told. */
  readonly clipGradientNorm?: number;
  /** Keeps moving averages of all variables of the network, which evaluations and models then use; none unless told. */
  readonly movingAverageDecay?: number;
  /** What is done to images; Slim's training form for vgg and inception, `augmentations.plain()` for other preprocessings unless told. */
  readonly augmentation?: AugmentationPolicy;
  /** `sampling`: each class is seen equally often; `weights`: classes count the same in the loss; `none` unless told. */
  readonly classBalance?: 'none' | 'sampling' | 'weights';
  /** Decides first weights, order, augmentation and dropout; 0 unless told. */
  readonly seed?: number;
  /** Decoded images are kept in memory and beside the run (`auto`), within limits, or decoded each time (`none`). */
  readonly cache?: 'auto' | 'none' | Pick<ImageCacheOptions, 'memory' | 'directory' | 'disk'>;
  /** Images that are decoded or augmented at the same time. */
  readonly imageWorkers?: number;
  readonly device?: string;
  readonly threads?: number;
  /** What is asked of a GPU (docs/gpu.md). */
  readonly gpu?: GpuOptions;
  /** What to compute with; `float32` unless told. A resumed training uses what it began with. */
  readonly precision?: Precision;
  /** Values that a step computes again instead of keeping them (docs/training.md): less memory, more time, the same bits. `none` unless told. */
  readonly recompute?: Recompute;
  /** Most bytes that variables and a step may take; what the system has left unless told. */
  readonly memoryLimit?: number;
  /**
   * Batches of training images from which batch normalization's moving statistics are made anew at the end of each epoch, before its evaluation;
   * 0 (they are what training has gathered) unless told.
   */
  readonly recalibrationBatches?: number;
  /** A resumed training must end with the same bits: another machine, number of threads or version is refused. True unless told. */
  readonly exactResume?: boolean;
  /** Evaluates after each epoch, where the data has a validation part; true unless told. */
  readonly evaluateEveryEpoch?: boolean;
  readonly earlyStopping?: EarlyStopping;
  /** What is best, and what early stopping looks at; `top1` unless told. */
  readonly monitor?: Monitor;
  /** Keeps the best checkpoint in `best/` of the train dir; true unless told. */
  readonly keepBest?: boolean;
  /** Seconds between checkpoints; one is written at the end of each epoch in any case. 600 unless told. */
  readonly saveIntervalSecs?: number;
  /** Checkpoints that are kept; 5 unless told. */
  readonly maxToKeep?: number;
  /** Steps of a line in the record and the event files; 10 unless told. */
  readonly logEverySteps?: number;
  readonly summaries?: SummaryOptions;
  /** What does the same again, for the report. */
  readonly command?: string;
  /** What `slimnet train` was told, as data: each checkpoint has it, and a training that goes on takes it from there. */
  readonly commandFlags?: Readonly<Record<string, unknown>>;
  readonly onStep?: (step: TrainerStep) => void;
  readonly onEpoch?: (epoch: EpochReport) => void;
  readonly onEvaluation?: (report: EvaluationReport) => void;
  readonly onSkip?: (skipped: SkippedImage) => void;
  /** What people should know, such as that a training goes on. */
  readonly onNotice?: (text: string) => void;
  /** Told of a checkpoint, or of the record, that could not be written, and training goes on. Without it, training ends with the error. */
  readonly onSaveError?: (error: unknown) => void;
}

const defaults = {
  data: undefined,
  trainDir: undefined,
  checkpoint: undefined,
  weights: undefined,
  excludeScopes: [],
  ignoreMissing: false,
  layout: undefined,
  imageSize: undefined,
  batchSize: 32,
  gradientAccumulationSteps: 1,
  epochs: undefined,
  steps: undefined,
  optimizer: undefined,
  learningRateScales: {},
  trainableScopes: undefined,
  freeze: [],
  weightDecay: undefined,
  batchNormDecay: undefined,
  labelSmoothing: 0,
  loss: undefined,
  clipGradientNorm: 0,
  movingAverageDecay: undefined,
  augmentation: undefined,
  classBalance: 'none',
  seed: 0,
  cache: 'auto',
  imageWorkers: undefined,
  device: 'cpu',
  threads: undefined,
  gpu: undefined,
  precision: undefined,
  recompute: 'none',
  memoryLimit: undefined,
  recalibrationBatches: 0,
  exactResume: true,
  evaluateEveryEpoch: true,
  earlyStopping: undefined,
  monitor: 'top1',
  keepBest: true,
  saveIntervalSecs: 600,
  maxToKeep: 5,
  logEverySteps: 10,
  summaries: {},
  command: undefined,
  commandFlags: undefined,
  onStep: undefined,
  onEpoch: undefined,
  onEvaluation: undefined,
  onSkip: undefined,
  onNotice: undefined,
  onSaveError: undefined,
} satisfies Defaults<TrainerOptions>;

/** How hints of a trainer name its options. */
export const trainerSpelling = spelledInCode(Object.keys(defaults));

export type CheckedOptions = WithDefaults<TrainerOptions, typeof defaults>;

const where = 'Trainer.create';
/** Of a training that is told neither epochs nor steps. */
export const usualEpochs = 10;
const mostSteps = 2 ** 40;

/** @throws ArgumentError that names the option */
export function checkedOptions(given: TrainerOptions): CheckedOptions {
  const o = withDefaults(where, given, defaults);
  for (const name of ['trainDir', 'checkpoint'] as const) {
    const path: unknown = o[name];
    if (path !== undefined && (typeof path !== 'string' || path === ''))
      throw new ArgumentError(`${where}: ${name}: expected a path, received ${describe(path)}.`);
  }
  for (const name of ['excludeScopes', 'freeze', 'trainableScopes'] as const) checkScopes(name, o[name]);
  for (const name of ['ignoreMissing', 'exactResume', 'evaluateEveryEpoch', 'keepBest'] as const)
    checkBoolean(where, name, o[name]);
  if (o.checkpoint !== undefined && o.weights !== undefined)
    throw new ArgumentError(`${where}: expected checkpoint or weights, received both.`);
  if (
    (o.checkpoint ?? o.weights) === undefined &&
    (o.excludeScopes.length > 0 || o.ignoreMissing || o.layout !== undefined)
  )
    throw new ArgumentError(
      `${where}: excludeScopes, ignoreMissing and layout are about a checkpoint: none is given.`,
      {
        hint: advice`pass ${'checkpoint'}, or ${['weights', 'imagenet']}.`,
      },
    );
  checkInteger(where, 'batchSize', o.batchSize, 1, 65536);
  checkInteger(where, 'gradientAccumulationSteps', o.gradientAccumulationSteps, 1, 65536);
  if (o.epochs !== undefined && o.steps !== undefined)
    throw new ArgumentError(`${where}: expected epochs or steps, received both.`);
  if (o.epochs !== undefined) checkInteger(where, 'epochs', o.epochs, 1, 2 ** 31);
  if (o.steps !== undefined) checkInteger(where, 'steps', o.steps, 1, mostSteps);
  checkFactors(o.learningRateScales);
  if (o.weightDecay !== undefined) checkNumber(where, 'weightDecay', o.weightDecay, 0, 1e6);
  if (o.batchNormDecay !== undefined) checkNumber(where, 'batchNormDecay', o.batchNormDecay, 0, 1);
  checkNumber(where, 'labelSmoothing', o.labelSmoothing, 0, 1);
  checkNumber(where, 'clipGradientNorm', o.clipGradientNorm, 0, Number.MAX_VALUE);
  if (o.movingAverageDecay !== undefined) checkNumber(where, 'movingAverageDecay', o.movingAverageDecay, 0, 1);
  checkOneOf(where, 'classBalance', o.classBalance, ['none', 'sampling', 'weights']);
  if (o.loss !== undefined && (o.labelSmoothing > 0 || o.classBalance === 'weights'))
    throw new ArgumentError(`${where}: labelSmoothing and weights of classes are for the loss that is built in.`);
  checkInteger(where, 'seed', o.seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (typeof o.cache === 'string') checkOneOf(where, 'cache', o.cache, ['auto', 'none']);
  else checkOptions(`${where}: cache`, o.cache, ['memory', 'directory', 'disk']);
  if (o.precision === 'int8')
    throw new ArgumentError(`${where}: precision: networks are not trained in int8.`, {
      hint: 'train in float32, then `slimnet quantize`.',
    });
  checkOneOf(where, 'recompute', o.recompute, recomputeModes);
  if (o.memoryLimit !== undefined) checkInteger(where, 'memoryLimit', o.memoryLimit, 1, Number.MAX_SAFE_INTEGER);
  checkInteger(where, 'recalibrationBatches', o.recalibrationBatches, 0, 2 ** 31);
  checkOneOf(where, 'monitor', o.monitor, ['top1', 'top5', 'loss']);
  if (o.earlyStopping !== undefined) checkEarlyStopping(o.earlyStopping);
  checkNumber(where, 'saveIntervalSecs', o.saveIntervalSecs, 0, Number.MAX_VALUE);
  checkInteger(where, 'maxToKeep', o.maxToKeep, 1, 2 ** 31 - 1);
  checkInteger(where, 'logEverySteps', o.logEverySteps, 1, 2 ** 31);
  checkOptions(`${where}: summaries`, o.summaries, ['images', 'histograms']);
  checkInteger(`${where}: summaries`, 'images', o.summaries.images ?? 0, 0, 64);
  for (const name of ['loss', 'onStep', 'onEpoch', 'onEvaluation', 'onSkip', 'onNotice', 'onSaveError'] as const) {
    const value: unknown = o[name];
    if (value !== undefined && typeof value !== 'function')
      throw new ArgumentError(`${where}: ${name}: expected a function, received ${describe(value)}.`);
  }
  return o;
}

function checkScopes(name: string, scopes: unknown): void {
  if (scopes === undefined) return;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string' && scope !== ''))
    throw new ArgumentError(`${where}: ${name}: expected a list of beginnings of names, received ${describe(scopes)}.`);
}

function checkFactors(scales: unknown): void {
  if (typeof scales !== 'object' || scales === null || Array.isArray(scales))
    throw new ArgumentError(`${where}: learningRateScales: expected factors by name, received ${describe(scales)}.`);
  for (const [scope, factor] of Object.entries(scales))
    checkNumber(where, `learningRateScales: ${scope}`, factor, 0, 1e6);
}

function checkEarlyStopping(given: EarlyStopping): void {
  const { patience, minDelta } = withDefaults(`${where}: earlyStopping`, given, { patience: undefined, minDelta: 0 });
  checkInteger(`${where}: earlyStopping`, 'patience', patience, 1, 2 ** 31);
  checkNumber(`${where}: earlyStopping`, 'minDelta', minDelta, 0, Number.MAX_VALUE);
}
