/** Training as an object: data, network, loop, checkpoints, evaluation. */
import { runStateTensors } from '../checkpoint/index.js';
import type { Variable } from '../core/graph.js';
import { checkSignal, type Defaults, defined, withDefaults } from '../core/options.js';
import { type Batch, BatchLoader, type DataSet, pictureOf } from '../data/index.js';
import { DataError, ExecutionError, SlimnetError, spelling } from '../errors.js';
import type { OwnNetwork } from '../model/own_network.js';
import { type Feeds, Saver, type Session } from '../runtime/index.js';
import type { NetworkName } from '../slim/nets/registry.js';
import { BackgroundSaves, stepOf, type TrainStepResult, trainStep } from '../train/index.js';
import { feedsOf, firstBatches, group, loaderOptions } from './batches.js';
import { evaluateModel } from './evaluation.js';
import { forecast } from './forecast.js';
import { assertStepFits, tooMuch } from './memory.js';
import { type TrainerOptions, type TrainingLength, trainerSpelling } from './options.js';
import { bestCheckpoint, type Parts, prepare } from './prepare.js';
import { recalibrate } from './recalibration.js';
import type { EvaluationReport, TrainerResult, TrainerStep, TrainingForecast } from './reports.js';
import type { RunMachine, RunProgress, RunState } from './run_state.js';
import { TrainedModel, type TrainedModelOptions } from './trained_model.js';
import { stepFetches } from './training_graph.js';

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
  /** The loop that is under way. */
  #training: AsyncGenerator<TrainerStep, void, undefined> | null = null;
  readonly #told = new Set<unknown>();
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
    if (this.#training !== null)
      throw new ExecutionError('This trainer is training already.', { hint: 'leave the other loop first.' });
    const training = this.#train(signal);
    this.#training = training;
    try {
      yield* training;
    } finally {
      this.#training = null;
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
    return forecast(this.#parts);
  }

  /** Takes no more calls, lets a step and its checkpoint end, also those of a loop over steps that nobody goes on with, then frees. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    try {
      await this.#training?.return();
    } finally {
      await this.#free();
    }
  }

  async #free(): Promise<void> {
    try {
      await this.#saves?.settled();
      const evaluator = await this.#evaluator?.catch(() => null);
      await evaluator?.[Symbol.asyncDispose]();
      await this.session[Symbol.asyncDispose]();
      await this.#parts.cache?.close();
      await this.#written(() => this.#parts.journal.close());
    } finally {
      this.#parts.lock?.release();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#train(signal: AbortSignal | undefined): AsyncGenerator<TrainerStep, void, undefined> {
    const { options: o, journal, length } = this.#parts;
    const { batchSize, gradientAccumulationSteps: batchesPerStep } = o;
    this.#outcome = 'interrupted';
    let failure: { readonly error: unknown } | null = null;
    const batches = (await this.#loader())[Symbol.asyncIterator]();
    try {
      await assertStepFits(this.#parts);
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
        const { loss, values } = await this.#step(feeds);
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

  /** @throws ExecutionError: where memory ran out, one that names what fits; the step has changed nothing */
  async #step(feeds: readonly Feeds[]): Promise<TrainStepResult> {
    const { trainOp, globalStep } = this.#parts.training;
    try {
      return await trainStep(this.session, trainOp, globalStep, {
        feeds: feeds.length === 1 ? (feeds[0] as Feeds) : feeds,
        fetches: stepFetches(this.#parts.training),
        borrowed: true,
      });
    } catch (error) {
      throw isOutOfMemory(error) ? await tooMuch(this.#parts, { cause: error }) : error;
    }
  }

  /** What is written at the very beginning. */
  async #begin(): Promise<void> {
    this.#saves?.begin();
    const { images = 4 } = this.#parts.options.summaries;
    if (images === 0 || this.#saves === null) return;
    const [first] = await firstBatches(this.#parts);
    const { height, width } = this.#parts.preprocessing;
    for (const [i, pixels] of (first as Batch).images.slice(0, images).entries())
      this.#parts.journal.image(`images/image/${i}`, await pictureOf(pixels, height, width), 0);
  }

  async #finish(failure: { readonly error: unknown } | null): Promise<void> {
    const { journal } = this.#parts;
    const { step } = this;
    if (failure !== null) {
      await this.#saves?.settled();
      // What was learnt so far is good.
      if (isOutOfMemory(failure.error) && this.#savedStep !== step) await this.#saves?.finish();
      journal.end(step, 'failed', failure.error instanceof Error ? failure.error.message : String(failure.error));
      return;
    }
    journal.end(step, this.#outcome);
    if (this.#saves !== null && this.#savedStep !== step) await this.#saves.finish();
    else await this.#saves?.settled();
    this.#saves?.beginAfter(Number.POSITIVE_INFINITY);
    await this.#written(() => journal.flush());
  }

  /** What is written besides checkpoints: where it fails, training goes on as with those. */
  async #written(work: () => Promise<void>): Promise<void> {
    const { onSaveError } = this.#parts.options;
    try {
      await work();
    } catch (error) {
      if (onSaveError === undefined) throw error;
      if (!this.#told.has(error)) onSaveError(error);
      this.#told.add(error);
    }
  }

  async #endEpoch(epochsDone: number, signal: AbortSignal | undefined): Promise<void> {
    const { options: o, data, journal } = this.#parts;
    const { epochLoss, epochSteps } = this.#progress;
    let evaluation: EvaluationReport | null = null;
    try {
      if (o.recalibrationBatches > 0) await recalibrate(this.#parts, o.recalibrationBatches, signal);
      if (o.evaluateEveryEpoch && data.validation !== undefined) evaluation = await this.evaluate(defined({ signal }));
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      // Whoever goes on begins with it.
      this.#advance({ unevaluated: epochsDone });
      return;
    }
    if (evaluation !== null) {
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
      await this.#best.save(this.session, bestCheckpoint(trainDir), options);
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
    const { identity, machine, training, options } = this.#parts;
    const { commandFlags: flags } = options;
    const averages = training.averages.size > 0;
    return { version: 1, identity, machine, averages, ...defined({ flags }), ...this.#progress };
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
function isOutOfMemory(error: unknown): boolean {
  return error instanceof SlimnetError && error.code === 'ERR_MEMORY';
}

function disposed(): ExecutionError {
  return new ExecutionError('The trainer was closed.', { code: 'ERR_DISPOSED' });
}
