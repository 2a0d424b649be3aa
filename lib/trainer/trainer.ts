/** Training as an object: data, network, loop, checkpoints, evaluation. */
import { join } from 'node:path';
import {
  latestCheckpoint,
  openCheckpoint,
  readCheckpointState,
  readRunState,
  runStateTensors,
} from '../checkpoint/index.js';
import type { Variable } from '../core/graph.js';
import { makeFolder } from '../core/make_folder.js';
import { checkSignal, type Defaults, defined, withDefaults } from '../core/options.js';
import { elementCount } from '../core/shape.js';
import { checkDataSet } from '../data/data_sets/data_set.js';
import {
  type AugmentationPolicy,
  augmentations,
  type Batch,
  BatchLoader,
  classWeights,
  type DataSet,
  ImageCache,
  keptSide,
  type PreprocessingSpec,
  pictureOf,
  preprocessingFor,
} from '../data/index.js';
import { DataError, ExecutionError, OutputError, spelling, systemReason } from '../errors.js';
import { type OwnNetwork, ownEntry } from '../model/own_network.js';
import { loadAddon, packageVersion } from '../native/binding.js';
import { type Feeds, Saver, Session } from '../runtime/index.js';
import { deviceNamed, instructionSet } from '../runtime/precision/device.js';
import { type NetworkName, network } from '../slim/nets/registry.js';
import { BackgroundSaves, type Optimizer, optimizers, schedules, stepOf, trainStep } from '../train/index.js';
import { ruleOfOptimizer } from '../train/optimizers/optimizer.js';
import { evaluateModel } from './evaluation.js';
import { giveFirstValues } from './first_values.js';
import { Journal } from './journal.js';
import {
  type CheckedOptions,
  checkedOptions,
  type TrainerOptions,
  type TrainingLength,
  trainerSpelling,
} from './options.js';
import type { BestResult, EvaluationReport, TrainerResult, TrainerStep, TrainingForecast } from './reports.js';
import {
  assertSameMachine,
  assertSameRun,
  checkedState,
  noProgress,
  type RunIdentity,
  type RunMachine,
  type RunProgress,
  type RunState,
} from './run_state.js';
import { TrainedModel, type TrainedModelOptions } from './trained_model.js';
import { buildTraining, type TrainedEntry, type TrainingGraph } from './training_graph.js';

const where = 'Trainer.create';
const usualEpochs = 10;
const usualRate = 0.01;
const bestFolder = 'best';
const checkpointName = 'model.ckpt';

/** What a run may be told. */
export interface TrainerRunOptions {
  /** Ends training after the step that is being made; it can go on later. */
  readonly signal?: AbortSignal | undefined;
}

/** What an evaluation may be told. */
export interface EvaluateOptions extends TrainerRunOptions {
  /** The validation part of the training data unless told. */
  readonly data?: DataSet;
}

const runDefaults = { signal: undefined } satisfies Defaults<TrainerRunOptions>;
const evaluateDefaults = { data: undefined, ...runDefaults } satisfies Defaults<EvaluateOptions>;

/** All that a trainer is made of. */
interface Parts {
  readonly options: CheckedOptions;
  readonly entry: TrainedEntry;
  readonly data: DataSet;
  readonly preprocessing: PreprocessingSpec;
  readonly augmentation: AugmentationPolicy;
  readonly length: TrainingLength;
  readonly training: TrainingGraph;
  readonly session: Session;
  readonly identity: RunIdentity;
  readonly machine: RunMachine;
  readonly progress: RunProgress;
  readonly saver: Saver;
  readonly cache: ImageCache | null;
  readonly weights: Float32Array | null;
  readonly journal: Journal;
}

/** A checkpoint to go on from. */
interface Before {
  readonly path: string;
  readonly state: RunState;
}

/**
 * Trains a network on labelled images. A trainer whose train dir holds a checkpoint goes on from it, to the bit. Killed at any moment, it goes
 * on from the last checkpoint that was written whole, and ends as it would have.
 */
export class Trainer {
  /** Names of the classes. */
  readonly classes: readonly string[];
  /** The session underneath, for everything that a trainer does not offer. */
  readonly session: Session;
  readonly #parts: Parts;
  readonly #saves: BackgroundSaves | null;
  readonly #best = new Saver({ maxToKeep: 1 });
  #progress: RunProgress;
  #outcome: TrainerResult['outcome'] = 'interrupted';
  #loss: number | null = null;
  #evaluation: EvaluationReport | null = null;
  #evaluator: Promise<TrainedModel> | null = null;
  #savedStep: number;
  #running: Promise<void> | null = null;
  #closing = false;

  private constructor(parts: Parts) {
    const { options, session, saver, training, progress, data } = parts;
    this.#parts = parts;
    this.#progress = progress;
    this.classes = data.classes;
    this.session = session;
    this.#savedStep = -1;
    this.#saves =
      options.trainDir === undefined
        ? null
        : new BackgroundSaves(session, saver, options.trainDir, training.globalStep, options.onSaveError, () => {
            this.#savedStep = this.step;
            return runStateTensors({ ...this.#state() });
          });
    if (progress.best?.checkpoint != null) this.#best.setLastCheckpoints([progress.best.checkpoint]);
  }

  /**
   * Makes a trainer: reads the classes, builds the network for them, restores weights, or all of a training that is to go on.
   * @param network one of the registry, or a network of one's own
   * @throws ArgumentError for options, and for a train dir of another training; DataError for data that cannot be learnt from;
   *   CheckpointError when weights do not fit; OutputError when the train dir cannot be written
   */
  static async create(network: NetworkName | OwnNetwork, options: TrainerOptions): Promise<Trainer> {
    return spelling(trainerSpelling, async () => new Trainer(await prepare(network, options)));
  }

  /** Steps made so far. */
  get step(): number {
    return stepOf(this.session, this.#parts.training.globalStep);
  }

  /** How long the training is. */
  get length(): TrainingLength {
    return this.#parts.length;
  }

  /** What the training computes with, and where: what decides its bits. */
  get machine(): RunMachine {
    return this.#parts.machine;
  }

  /**
   * Trains to the end, or until the signal.
   * @throws ExecutionError for a loss that is NaN or infinite, with the last checkpoint left as it is; what data and callbacks throw
   */
  async run(options: TrainerRunOptions = {}): Promise<TrainerResult> {
    const { signal } = withDefaults('trainer.run', options, runDefaults);
    checkSignal('trainer.run', signal);
    const steps = this.steps(defined({ signal }));
    for await (const _ of steps);
    return this.#result();
  }

  /**
   * Trains step by step. Leaving the loop ends the step, writes a checkpoint where there is a train dir, and keeps all that is needed to go
   * on: another call does.
   * @throws like `run`
   */
  async *steps(options: TrainerRunOptions = {}): AsyncGenerator<TrainerStep, void, undefined> {
    const { signal } = withDefaults('trainer.steps', options, runDefaults);
    checkSignal('trainer.steps', signal);
    if (this.#closing) throw disposed();
    if (this.#running !== null)
      throw new ExecutionError('This trainer is training already.', { hint: 'leave the other loop first.' });
    let done = (): void => {};
    this.#running = new Promise((resolve) => {
      done = resolve;
    });
    try {
      yield* this.#train(signal);
    } finally {
      this.#running = null;
      done();
    }
  }

  /**
   * Runs all held-out images through the network as it is now, with the moving averages where there are any.
   * @throws ArgumentError where there is no validation data; DataError, ImageError like training
   */
  async evaluate(options: EvaluateOptions = {}): Promise<EvaluationReport> {
    const { data = this.#parts.data.validation, signal } = withDefaults('trainer.evaluate', options, evaluateDefaults);
    checkSignal('trainer.evaluate', signal);
    if (this.#closing) throw disposed();
    if (data === undefined)
      throw new DataError('There is nothing to evaluate: the data has no validation part.', {
        hint: 'hold some out: imageFolder(path, { validation: 0.2 }), or give evaluate({ data }).',
      });
    if (data.classes.length !== this.classes.length)
      throw new DataError(`Expected data of ${this.classes.length} classes, received ${data.classes.length}.`);
    const { options: o, cache } = this.#parts;
    this.#evaluator ??= this.model();
    const model = await this.#evaluator;
    await model.refresh();
    const { step } = this;
    const results = await evaluateModel(
      model,
      data,
      defined({
        batchSize: o.batchSize,
        cache: cache ?? undefined,
        workers: o.imageWorkers,
        signal,
        onSkip: this.#skip,
      }),
    );
    return { step, epoch: this.#epochAt(step), ...results };
  }

  /**
   * A model on the weights that the training has now, with the moving averages where there are any. It answers while the training goes on;
   * `refresh()` takes newer weights. It lives on by itself, and is disposed by itself, before or after the trainer.
   */
  async model(options: TrainedModelOptions = {}): Promise<TrainedModel> {
    if (this.#closing) throw disposed();
    const { entry, preprocessing, training, options: o } = this.#parts;
    const { variables } = training.graph;
    const variableFor = (name: string): Variable | undefined => {
      const variable = variables.get(name);
      return variable === undefined ? undefined : (training.averages.get(variable) ?? variable);
    };
    const { session, classes } = this;
    return TrainedModel.make(
      { entry, classes, preprocessing, session, variableFor, imageWorkers: o.imageWorkers },
      options,
    );
  }

  /** Foresees what a step takes: it is compiled, and run on the first batch in variables of its own. */
  async forecast(): Promise<TrainingForecast> {
    const { training, length, machine, options: o } = this.#parts;
    const { batches, weights } = { batches: await this.#firstBatches(), weights: this.#parts.weights };
    const { device, precision, threads } = machine;
    await using session = await Session.create(training.graph, { device, threads, precision: this.session.precision });
    await session.initialize();
    const feeds = batches.map((batch) => feedsOf(batch, weights));
    const fetches = { loss: training.trainOp, ...stepFetches(training) };
    const { arenaBytes, constantBytes, spareBytes } = await session.report(fetches);
    let seconds = Number.POSITIVE_INFINITY;
    // The first step also takes its memory.
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      await trainStep(session, training.trainOp, training.globalStep, {
        feeds: o.gradientAccumulationSteps === 1 ? (feeds[0] as Feeds) : feeds,
      });
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
    }
    const { variables } = session.stats().bytes;
    const bytes = { variables, spare: spareBytes, arena: arenaBytes, constants: constantBytes };
    return {
      parameters: valuesIn(training.modelVariables),
      trainedParameters: valuesIn(training.trained),
      ...length,
      bytes: { ...bytes, total: variables + spareBytes + arenaBytes + constantBytes },
      secondsPerStep: seconds,
      precision,
      threads,
    };
  }

  /** Takes no more calls, lets a step and its checkpoint end, then frees. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#running;
    await this.#saves?.settled();
    const evaluator = await this.#evaluator?.catch(() => null);
    await evaluator?.[Symbol.asyncDispose]();
    await this.session[Symbol.asyncDispose]();
    await this.#parts.cache?.close();
    await this.#parts.journal.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#train(signal: AbortSignal | undefined): AsyncGenerator<TrainerStep, void, undefined> {
    const { options: o, journal, training, length } = this.#parts;
    const { batchSize, gradientAccumulationSteps: batchesPerStep } = o;
    this.#outcome = 'interrupted';
    let failure: { readonly error: unknown } | null = null;
    const batches = (await this.#loader())[Symbol.asyncIterator]();
    try {
      if (this.step === 0) await this.#begin();
      const { unevaluated } = this.#progress;
      if (unevaluated > 0) await this.#endEpoch(unevaluated, signal);
      let current = this.#isOver() ? null : await group(batches, batchesPerStep);
      let mark = performance.now();
      while (current !== null && !this.#isOver()) {
        if (signal?.aborted === true || this.#closing) return;
        const isLast = this.step + 1 >= length.steps;
        const following = isLast ? Promise.resolve(null) : group(batches, batchesPerStep);
        // Whoever waits for it, after the step, is told.
        following.catch(() => {});
        const feeds = current.map((batch) => feedsOf(batch, this.#parts.weights));
        const { loss, values } = await trainStep(this.session, training.trainOp, training.globalStep, {
          feeds: batchesPerStep === 1 ? (feeds[0] as Feeds) : feeds,
          fetches: stepFetches(training),
          borrowed: true,
        });
        const last = current.at(-1) as Batch;
        current = await following;
        const seconds = (performance.now() - mark) / 1000;
        this.#loss = loss;
        const { epoch, taken } = last.next;
        const { seconds: before, epochLoss, epochSteps } = this.#progress;
        this.#advance({
          epoch,
          taken,
          seconds: before + seconds,
          epochLoss: epochLoss + loss,
          epochSteps: epochSteps + 1,
        });
        const { step } = this;
        const report: TrainerStep = {
          step,
          steps: length.steps,
          epoch: this.#epochAt(step),
          loss,
          learningRate: Number(values.learningRate?.data[0]),
          accuracy: Number(values.accuracy?.data[0]),
          imagesPerSecond: (batchSize * batchesPerStep) / seconds,
          seconds: before + seconds,
        };
        journal.step(report);
        o.onStep?.(report);
        const epochsDone = current === null ? last.epoch + 1 : (current[0] as Batch).epoch;
        if (epochsDone > this.#progress.epochsDone || current === null) await this.#endEpoch(epochsDone, signal);
        else this.#saves?.beginAfter(o.saveIntervalSecs);
        mark = performance.now();
        yield report;
      }
      this.#outcome = this.#progress.stopped ? 'stopped' : 'finished';
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      await batches.return?.();
      await this.#finish(failure);
    }
  }

  /** What is written at the very beginning. */
  async #begin(): Promise<void> {
    this.#saves?.begin();
    const { images = 4 } = this.#parts.options.summaries;
    if (images === 0 || this.#saves === null) return;
    const [first] = await this.#firstBatches();
    const { height, width } = this.#parts.preprocessing;
    for (const [i, pixels] of (first as Batch).images.slice(0, images).entries())
      this.#parts.journal.image(`images/image/${i}`, await pictureOf(pixels, height, width), 0);
  }

  async #finish(failure: { readonly error: unknown } | null): Promise<void> {
    const { journal } = this.#parts;
    const { step } = this;
    if (failure !== null) {
      await this.#saves?.settled();
      journal.end(step, 'failed', failure.error instanceof Error ? failure.error.message : String(failure.error));
      return;
    }
    journal.end(step, this.#outcome);
    if (this.#saves !== null && this.#savedStep !== step) await this.#saves.finish();
    else await this.#saves?.settled();
    this.#saves?.beginAfter(Number.POSITIVE_INFINITY);
    await journal.flush();
  }

  async #endEpoch(epochsDone: number, signal: AbortSignal | undefined): Promise<void> {
    const { options: o, data, journal } = this.#parts;
    const { epochLoss, epochSteps } = this.#progress;
    let evaluation: EvaluationReport | null = null;
    if (o.evaluateEveryEpoch && data.validation !== undefined) {
      try {
        evaluation = await this.evaluate(defined({ signal }));
      } catch (error) {
        if (signal?.aborted !== true) throw error;
        // Whoever goes on begins with it.
        this.#advance({ unevaluated: epochsDone });
        return;
      }
      this.#evaluation = evaluation;
      journal.evaluation(evaluation);
      o.onEvaluation?.(evaluation);
    }
    this.#advance({ epochsDone, unevaluated: 0, epochLoss: 0, epochSteps: 0 });
    if (evaluation !== null) await this.#compare(evaluation);
    if (o.summaries.histograms === true) {
      for (const variable of this.#parts.training.trained)
        journal.histogram(variable.name, this.session.read(variable) as Float32Array, this.step);
    }
    o.onEpoch?.({ epoch: epochsDone, step: this.step, loss: epochLoss / Math.max(1, epochSteps), evaluation });
    await this.#saves?.settled();
    this.#saves?.beginAfter(0);
  }

  /** Whether an evaluation is the best one, and what follows. */
  async #compare(evaluation: EvaluationReport): Promise<void> {
    const { monitor, earlyStopping, keepBest, trainDir, onSaveError } = this.#parts.options;
    const value = evaluation[monitor];
    const sign = monitor === 'loss' ? -1 : 1;
    const { best, evaluationsSinceBest } = this.#progress;
    const { patience = Number.POSITIVE_INFINITY, minDelta = 0 } = earlyStopping ?? {};
    if (best !== null && !(sign * (value - best.value) > minDelta)) {
      this.#advance({
        evaluationsSinceBest: evaluationsSinceBest + 1,
        stopped: evaluationsSinceBest + 1 >= patience,
      });
      return;
    }
    const { step } = evaluation;
    const keeps = keepBest && trainDir !== undefined;
    const checkpoint = keeps ? bestCheckpoint(trainDir, step) : null;
    this.#advance({ best: { step, value, checkpoint }, evaluationsSinceBest: 0 });
    if (!keeps) return;
    try {
      const options = { globalStep: step, tensors: runStateTensors({ ...this.#state() }) };
      await this.#best.save(this.session, join(trainDir, bestFolder, checkpointName), options);
    } catch (error) {
      if (onSaveError === undefined) throw error;
      onSaveError(error);
    }
  }

  #isOver(): boolean {
    const { stopped } = this.#progress;
    return stopped || this.step >= this.#parts.length.steps;
  }

  #advance(change: Partial<RunProgress>): void {
    this.#progress = { ...this.#progress, ...change };
  }

  #state(): RunState {
    const { identity, machine, training } = this.#parts;
    return { version: 1, identity, machine, averages: training.averages.size > 0, ...this.#progress };
  }

  #epochAt(step: number): number {
    return step / this.#parts.length.stepsPerEpoch;
  }

  readonly #skip = ({
    index,
    name,
    error,
  }: {
    readonly index: number;
    readonly name: string;
    readonly error: Error;
  }): void => {
    this.#parts.journal.skipped(name, error.message);
    this.#parts.options.onSkip?.({ index, name, error });
  };

  async #loader(): Promise<BatchLoader> {
    const { epoch, taken } = this.#progress;
    return BatchLoader.create(this.#parts.data, {
      ...loaderOptions(this.#parts),
      start: { epoch, taken },
      onSkip: this.#skip,
    });
  }

  async #firstBatches(): Promise<readonly Batch[]> {
    const { options: o } = this.#parts;
    const batches = (await BatchLoader.create(this.#parts.data, loaderOptions(this.#parts)))[Symbol.asyncIterator]();
    const first = await group(batches, o.gradientAccumulationSteps);
    await batches.return?.();
    if (first === null) throw new DataError('The data gives no whole batch.');
    return first;
  }

  async #result(): Promise<TrainerResult> {
    const { step } = this;
    return {
      outcome: this.#outcome,
      step,
      epoch: this.#epochAt(step),
      loss: this.#loss,
      best: this.#progress.best,
      evaluation: this.#evaluation,
      checkpoint: this.#parts.saver.lastCheckpoints.at(-1) ?? null,
    };
  }
}

function bestCheckpoint(trainDir: string, step: number): string {
  return join(trainDir, bestFolder, `${checkpointName}-${step}`);
}

function disposed(): ExecutionError {
  return new ExecutionError('The trainer was closed.', { code: 'ERR_DISPOSED' });
}

function stepFetches({ accuracy, learningRate }: TrainingGraph) {
  return { accuracy, learningRate };
}

function feedsOf({ images, labels }: Batch, weights: Float32Array | null): Feeds {
  if (weights === null) return { images, labels };
  return { images, labels, weights: Float32Array.from(labels, (label) => weights[label] as number) };
}

/** The batches of a step; null at the end, where those that are too few for one are left out. */
async function group(batches: AsyncIterator<Batch>, count: number): Promise<readonly Batch[] | null> {
  const list: Batch[] = [];
  while (list.length < count) {
    const { done, value } = await batches.next();
    if (done === true) return null;
    list.push(value);
  }
  return list;
}

function valuesIn(variables: readonly Variable[]): number {
  return variables.reduce((sum, { shape }) => sum + (elementCount(shape) ?? 0), 0);
}

type LoaderParts = Pick<Parts, 'options' | 'preprocessing' | 'augmentation' | 'cache'>;

function loaderOptions({ options: o, preprocessing, augmentation, cache }: LoaderParts) {
  return defined({
    batchSize: o.batchSize,
    preprocessing,
    augmentation,
    order: o.classBalance === 'sampling' ? ('balanced' as const) : ('shuffled' as const),
    seed: o.seed,
    epochs: o.steps === undefined ? (o.epochs ?? usualEpochs) : undefined,
    cache: cache ?? undefined,
    workers: o.imageWorkers,
  });
}

/** Everything up to the first step. */
async function prepare(given: NetworkName | OwnNetwork, options: TrainerOptions): Promise<Parts> {
  const o = checkedOptions(options);
  const entry = typeof given === 'object' && given !== null ? ownEntry(given) : network(given);
  const data = await o.data;
  checkData(data);
  const preprocessing = preprocessingFor(entry.preprocessing, o.imageSize ?? entry.imageSize);
  const augmentation = o.augmentation ?? usualAugmentation(preprocessing);
  const loader = await BatchLoader.create(
    data,
    loaderOptions({ options: o, preprocessing, augmentation, cache: null }),
  );
  const length = lengthOf(loader, o);
  const optimizer = optimizerOf(o, length);
  const identity: RunIdentity = {
    network: entry.name,
    classes: data.classes,
    imageSize: preprocessing.height,
    preprocessing: preprocessing.name,
    images: data.length,
    batchSize: o.batchSize,
    gradientAccumulationSteps: o.gradientAccumulationSteps,
    classBalance: o.classBalance,
    seed: o.seed,
    optimizer: optimizer.kind,
  };
  const before = o.trainDir === undefined ? null : await checkpointBefore(o.trainDir);
  if (before !== null) assertSameRun(before.state.identity, identity, before.path);
  const training = buildTraining(entry, data.classes.length, preprocessing, optimizer, o);
  if (o.trainDir !== undefined) await makeTrainDir(o.trainDir);
  const session = await Session.create(training.graph, {
    device: o.device,
    precision: o.precision ?? kept(before, 'precision', o) ?? 'float32',
    ...defined({ threads: o.threads ?? kept(before, 'threads', o) }),
  });
  let cache: ImageCache | null = null;
  try {
    const machine: RunMachine = {
      device: o.device,
      precision: session.precision,
      threads: session.stats().threads,
      instructions: instructionSet(deviceNamed(o.device).features),
      build: packageVersion(),
    };
    if (before !== null && o.exactResume) assertSameMachine(before.state.machine, machine, before.path);
    const saver = new Saver({ maxToKeep: o.maxToKeep });
    if (before === null) await giveFirstValues(session, entry, training, o);
    else await goOn(session, saver, before, o);
    cache = await cacheFor(o, augmentation, preprocessing);
    const weights = o.classBalance === 'weights' ? await classWeights(data) : null;
    const fromStep = stepOf(session, training.globalStep);
    const journal = await Journal.open(
      o.trainDir,
      {
        type: 'run',
        version: 1,
        startedAt: new Date().toISOString(),
        fromStep,
        network: entry.name,
        command: o.command ?? `Trainer.create('${entry.name}', ...)`,
        classes: data.classes,
        trainingImages: data.length,
        validationImages: data.validation?.length ?? 0,
        batchSize: o.batchSize,
        parameters: valuesIn(training.trained),
        precision: machine.precision,
        machine: `${machine.device}, ${machine.threads} threads, ${machine.instructions}`,
        slimnet: machine.build,
        options: recordedOptions(o, augmentation, optimizer),
      },
      o.logEverySteps,
    );
    if (data.notice !== undefined) o.onNotice?.(data.notice);
    const progress = before === null ? noProgress : progressOf(before.state, o.trainDir as string);
    return {
      options: o,
      ...{ entry, data, preprocessing, augmentation, length, training, session, identity, machine, progress },
      ...{ saver, cache, weights, journal },
    };
  } catch (error) {
    session.dispose();
    await cache?.close();
    throw error;
  }
}

function checkData(data: unknown): asserts data is DataSet {
  checkDataSet(`${where}: data`, data);
  if (data.classes.length < 2) throw new DataError('There is one class: a network learns to tell two or more apart.');
  if (data.validation === undefined) return;
  checkDataSet(`${where}: data.validation`, data.validation);
  if (data.validation.classes.length !== data.classes.length)
    throw new DataError(
      `The validation part has ${data.validation.classes.length} classes, the training part ${data.classes.length}.`,
    );
}

/** Slim's training form where it has one. */
function usualAugmentation({ name }: PreprocessingSpec): AugmentationPolicy {
  return name === 'vgg' || name === 'inception' ? augmentations.slim() : augmentations.plain();
}

function lengthOf({ batchesPerEpoch }: BatchLoader, o: CheckedOptions): TrainingLength {
  const { gradientAccumulationSteps: batches, epochs = usualEpochs } = o;
  const stepsPerEpoch = Math.max(1, Math.floor(batchesPerEpoch / batches));
  const steps = o.steps ?? Math.floor((epochs * batchesPerEpoch) / batches);
  if (steps > 0) return { stepsPerEpoch, steps };
  throw new DataError(`${epochs} epochs of ${batchesPerEpoch} batches make no step of ${batches} batches.`, {
    hint: 'take fewer gradientAccumulationSteps, or more epochs.',
  });
}

function optimizerOf({ optimizer }: CheckedOptions, length: TrainingLength): Optimizer {
  const chosen = typeof optimizer === 'function' ? optimizer(length) : (optimizer ?? usualOptimizer(length));
  ruleOfOptimizer(chosen, where);
  return chosen;
}

/** Momentum 0.9; the rate rises to 0.01 in an epoch, or a tenth of the training, and falls along half a cosine. */
function usualOptimizer({ steps, stepsPerEpoch }: TrainingLength): Optimizer {
  const rise = Math.max(1, Math.min(stepsPerEpoch, Math.floor(steps / 10)));
  return optimizers.momentum(schedules.warmup(schedules.cosineDecay(usualRate, steps), rise), 0.9);
}

/** The newest checkpoint of a train dir, with what it says of its training. */
async function checkpointBefore(trainDir: string): Promise<Before | null> {
  const path = await latestCheckpoint(trainDir);
  if (path === null) return null;
  await using reader = await openCheckpoint(path, { crc32c: loadAddon().crc32c });
  return { path, state: checkedState(await readRunState(reader), path) };
}

/** What the training began with, unless its bits may differ. */
function kept<K extends 'precision' | 'threads'>(
  before: Before | null,
  name: K,
  o: CheckedOptions,
): RunMachine[K] | undefined {
  return before === null || !o.exactResume ? undefined : before.state.machine[name];
}

async function goOn(session: Session, saver: Saver, { path }: Before, o: CheckedOptions): Promise<void> {
  const { trainDir, checkpoint, onNotice } = o;
  onNotice?.(`going on from ${path}${checkpoint === undefined ? '' : `; ${checkpoint} is not read again`}`);
  await saver.restore(session, path);
  // Local variables stand in no checkpoint.
  await session.initialize({ onlyUninitialized: true });
  const state = await readCheckpointState(trainDir as string);
  saver.setLastCheckpoints(state?.allModelCheckpointPaths ?? [path]);
}

function progressOf(state: RunState, trainDir: string): RunProgress {
  // The checkpoint may hold more under these names: variables of the graph that are state.
  const names = Object.keys(noProgress) as (keyof RunProgress)[];
  const progress = Object.fromEntries(names.map((name) => [name, state[name]])) as unknown as RunProgress;
  const { best } = progress;
  // The folder may have been moved.
  if (best === null || best.checkpoint === null) return progress;
  const moved: BestResult = { ...best, checkpoint: bestCheckpoint(trainDir, best.step) };
  return { ...progress, best: moved };
}

async function cacheFor(
  { cache, trainDir, onNotice }: CheckedOptions,
  augmentation: AugmentationPolicy,
  preprocessing: PreprocessingSpec,
): Promise<ImageCache | null> {
  if (cache === 'none') return null;
  const directory = trainDir === undefined ? undefined : join(trainDir, 'cache');
  return ImageCache.open({
    side: keptSide(augmentation, preprocessing),
    ...defined({ directory, onNotice }),
    ...(cache === 'auto' ? {} : cache),
  });
}

async function makeTrainDir(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (cause) {
    throw new OutputError(`The train dir cannot be made: ${systemReason(cause)}.`, { path, cause });
  }
}

/** The options as data. */
function recordedOptions(o: CheckedOptions, augmentation: AugmentationPolicy, optimizer: Optimizer) {
  const { data, optimizer: _, augmentation: __, command, ...others } = o;
  const entries = Object.entries({ ...others, augmentation, optimizer });
  return Object.fromEntries(entries.filter(([, value]) => typeof value !== 'function' && value !== undefined));
}
