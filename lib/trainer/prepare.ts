/** Everything up to the first step: what a trainer is made of. */
import { join } from 'node:path';
import { latestCheckpoint, openCheckpoint, readCheckpointState, readRunState } from '../checkpoint/index.js';
import { makeFolder } from '../core/make_folder.js';
import { defined } from '../core/options.js';
import { checkDataSet } from '../data/data_sets/data_set.js';
import {
  type AugmentationPolicy,
  augmentations,
  BatchLoader,
  classWeights,
  type DataSet,
  ImageCache,
  keptSide,
  type PreprocessingSpec,
  preprocessingFor,
} from '../data/index.js';
import { DataError, OutputError, systemReason } from '../errors.js';
import { type OwnNetwork, ownEntry } from '../model/own_network.js';
import { loadAddon, packageVersion } from '../native/binding.js';
import type { RunLine } from '../report/index.js';
import { Saver, Session } from '../runtime/index.js';
import { deviceNamed, instructionSet } from '../runtime/precision/device.js';
import { engineChoice } from '../runtime/session/gpu_options.js';
import { type NetworkName, network } from '../slim/nets/registry.js';
import { FolderLock, type Optimizer, optimizers, schedules, stepOf } from '../train/index.js';
import { ruleOfOptimizer } from '../train/optimizers/optimizer.js';
import { loaderOptions } from './batches.js';
import { giveFirstValues } from './first_values.js';
import { Journal } from './journal.js';
import {
  type CheckedOptions,
  checkedOptions,
  type TrainerOptions,
  type TrainingLength,
  usualEpochs,
} from './options.js';
import type { BestResult } from './reports.js';
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
import { buildTraining, type TrainedEntry, type TrainingGraph, valuesIn } from './training_graph.js';

const where = 'Trainer.create';
const usualRate = 0.01;

/** What is known of a training before anything is taken for it. */
interface Planned {
  readonly options: CheckedOptions;
  readonly entry: TrainedEntry;
  readonly data: DataSet;
  readonly preprocessing: PreprocessingSpec;
  readonly augmentation: AugmentationPolicy;
  readonly length: TrainingLength;
  readonly training: TrainingGraph;
  readonly optimizer: Optimizer;
  readonly identity: RunIdentity;
}

/** All that a trainer is made of. */
export interface Parts extends Planned {
  readonly session: Session;
  readonly machine: RunMachine;
  readonly progress: RunProgress;
  readonly saver: Saver;
  readonly cache: ImageCache | null;
  readonly weights: Float32Array | null;
  readonly journal: Journal;
  readonly lock: FolderLock | null;
}

/** A checkpoint to go on from. */
interface Before {
  readonly path: string;
  readonly state: RunState;
}
/** Reads the classes, builds the network for them, restores weights, or all of a training that is to go on. @throws as `Trainer.create` */
export async function prepare(given: NetworkName | OwnNetwork, options: TrainerOptions): Promise<Parts> {
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
  const training = buildTraining(entry, data.classes.length, preprocessing, optimizer, o);
  const planned: Planned = {
    options: o,
    entry,
    data,
    preprocessing,
    augmentation,
    length,
    training,
    optimizer,
    identity,
  };
  if (o.trainDir === undefined) return opened(planned, null);
  await makeTrainDir(o.trainDir);
  const lock = FolderLock.take(o.trainDir, o.onNotice);
  try {
    return { ...(await opened(planned, await checkpointBefore(o.trainDir, identity))), lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Takes what must be given back: session, cache, journal. */
async function opened(planned: Planned, before: Before | null): Promise<Parts> {
  const { options: o, entry, data, preprocessing, augmentation, training } = planned;
  const session = await Session.create(training.graph, {
    device: o.device,
    precision: o.precision ?? kept(before, 'precision', o) ?? 'float32',
    ...defined({ threads: o.threads ?? kept(before, 'threads', o), gpu: o.gpu }),
  });
  let cache: ImageCache | null = null;
  try {
    const machine: RunMachine = {
      device: o.device,
      precision: session.precision,
      threads: session.stats().threads,
      instructions: instructionSet(deviceNamed(o.device).features),
      engines: engineChoice(o.gpu),
      build: packageVersion(),
    };
    if (before !== null && o.exactResume) assertSameMachine(before.state.machine, machine, before.path);
    const saver = new Saver({ maxToKeep: o.maxToKeep });
    if (before === null) await giveFirstValues(session, entry, training, o);
    else await goOn(session, saver, before, o);
    cache = await cacheFor(o, augmentation, preprocessing);
    const weights = o.classBalance === 'weights' ? await classWeights(data) : null;
    const fromStep = stepOf(session, training.globalStep);
    const journal = await Journal.open(o.trainDir, runLine(planned, machine, fromStep), o.logEverySteps);
    if (data.notice !== undefined) o.onNotice?.(data.notice);
    const progress = before === null ? noProgress : progressOf(before.state, o.trainDir as string);
    return { ...planned, session, machine, progress, saver, cache, weights, journal, lock: null };
  } catch (error) {
    session.dispose();
    await cache?.close();
    throw error;
  }
}

/** What the record of the run begins with. */
function runLine(
  { options: o, entry, data, augmentation, training, optimizer }: Planned,
  machine: RunMachine,
  fromStep: number,
): RunLine {
  return {
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
  };
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

/** The newest checkpoint of a train dir, with what it says of its training. @throws ArgumentError where that is another one */
async function checkpointBefore(trainDir: string, identity: RunIdentity): Promise<Before | null> {
  const path = await latestCheckpoint(trainDir);
  if (path === null) return null;
  await using reader = await openCheckpoint(path, { crc32c: loadAddon().crc32c });
  const state = checkedState(await readRunState(reader), path);
  assertSameRun(state.identity, identity, path);
  return { path, state };
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
  const { trainDir, onNotice } = o;
  const isGiven = o.checkpoint !== undefined || o.weights !== undefined;
  onNotice?.(`going on from ${path}${isGiven ? '; the weights that it began with are not read again' : ''}`);
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
  const { data, optimizer: _, augmentation: __, command, commandFlags, ...others } = o;
  const entries = Object.entries({ ...others, augmentation, optimizer });
  return Object.fromEntries(entries.filter(([, value]) => typeof value !== 'function' && value !== undefined));
}

/** Where the best checkpoint stands, that of a step or whichever. */
export function bestCheckpoint(trainDir: string, step?: number): string {
  const prefix = join(trainDir, 'best', 'model.ckpt');
  return step === undefined ? prefix : `${prefix}-${step}`;
}
