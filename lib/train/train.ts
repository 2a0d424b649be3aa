/** The training loop of Slim. */

import { latestCheckpoint, readCheckpointState } from '../checkpoint/index.js';
import { describe } from '../core/dtype.js';
import { Tensor, type Variable } from '../core/graph.js';
import { makeFolder } from '../core/make_folder.js';
import { checkInteger, checkSignal, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError } from '../errors.js';
import { Saver, Session, type SessionOptions } from '../runtime/index.js';
import { getOrCreateGlobalStep } from '../slim/global_step.js';
import { BackgroundSaves } from './background_saves.js';
import { type FeedReader, type FeedSource, readFeeds } from './feed_source.js';
import { FolderLock } from './folder_lock.js';
import { checkRate } from './schedules/schedule.js';
import { StepSummaries, type SummaryOp } from './step_summaries.js';
import { trainOpInfo } from './train_op.js';
import { stepOf, type TrainStepOptions, type TrainStepResult, trainStep } from './train_step.js';

/** What makes a step: `trainStep`, or a function of one's own that calls it. */
export type TrainStepFn = (
  session: Session,
  trainOp: Tensor,
  globalStep: Variable,
  options: TrainStepOptions,
) => Promise<TrainStepResult>;

/** What a step has come to. */
export interface StepReport {
  /** The global step after it. */
  readonly step: number;
  readonly loss: number;
  readonly seconds: number;
}

/** Options of `train`. */
export interface TrainOptions {
  readonly feeds?: FeedSource;
  readonly trainStepFn?: TrainStepFn;
  /** A line is logged where the global step is a multiple. 0: never. Default 1. */
  readonly logEveryNSteps?: number;
  /** The counter that the train op counts. Default: the graph's. */
  readonly globalStep?: Variable | null;
  /** Training ends where the global step has come to this; one step is made in any case. null: when the feeds end. */
  readonly numberOfSteps?: number | null;
  /** Called once the variables have their initial values, but not where a checkpoint was restored: to fine-tune, for example. */
  readonly initFn?: ((session: Session) => unknown) | null;
  /** Keeps the checkpoints: five unless told. */
  readonly saver?: Saver | null;
  /** Default 600. */
  readonly saveIntervalSecs?: number;
  /** What event files in `logdir` hold besides the loss and the steps a second: tensors by their tags. null: there are none. Default null. */
  readonly summaryOp?: SummaryOp | null;
  /** Seconds between two summaries. Default 600; the first step has one in any case. */
  readonly saveSummariesSecs?: number;
  /** A session of one's own for the graph: it is left open. Its variables are given values as those of any other. */
  readonly session?: Session;
  /** What the session is made with, where it is not one's own. */
  readonly sessionOptions?: SessionOptions;
  /** Ends training after the step that is being made, and after its checkpoint; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void;
  /** Told of a checkpoint that could not be written, and training goes on. Without it, training ends with the error. */
  readonly onSaveError?: (error: unknown) => void;
  /** Where lines go. Default: standard error. */
  readonly log?: (line: string) => void;
}

const defaults = {
  feeds: undefined,
  trainStepFn: trainStep,
  logEveryNSteps: 1,
  globalStep: null,
  numberOfSteps: null,
  initFn: null,
  saver: null,
  saveIntervalSecs: 600,
  summaryOp: null,
  saveSummariesSecs: 600,
  session: undefined,
  sessionOptions: {},
  signal: undefined,
  onStep: undefined,
  onSaveError: undefined,
  log: (line: string): void => void process.stderr.write(`${line}\n`),
} satisfies Defaults<TrainOptions>;

/**
 * Trains, as Slim's slim.learning.train. Where `logdir` holds a checkpoint, training goes on from it; else variables get their initial
 * values, and `initFn` is called. A checkpoint is written at once, every `saveIntervalSecs`, and at the end: `model.ckpt-<global step>`,
 * of which the newest five are kept, and the file `checkpoint`. Checkpoints are written while steps go on.
 * @param trainOp what `createTrainOp` made
 * @param logdir the folder of the checkpoints, made where it is missing; null: none are written or read
 * @returns the loss of the last step; null where the feeds ended before one was made
 * @throws ArgumentError for wrong options; ExecutionError for a loss that is NaN or infinite; CheckpointError for a checkpoint that does
 *   not fit or cannot be written; OutputError where another training is at work in `logdir`; what the feeds and the callbacks throw
 */
export async function train(
  trainOp: Tensor,
  logdir: string | null,
  options: TrainOptions = {},
): Promise<number | null> {
  const where = 'train';
  const o = withDefaults(where, options, defaults);
  if (!(trainOp instanceof Tensor))
    throw new ArgumentError(`${where}: trainOp: expected a train op, received ${describe(trainOp)}.`);
  const info = trainOpInfo(trainOp);
  if (logdir !== null && (typeof logdir !== 'string' || logdir === ''))
    throw new ArgumentError(`${where}: logdir: expected the path of a folder or null, received ${describe(logdir)}.`);
  if (logdir === null && o.saver !== null)
    throw new ArgumentError(`${where}: cannot provide a saver when logdir is null.`);
  checkInteger(where, 'logEveryNSteps', o.logEveryNSteps, 0, Number.MAX_SAFE_INTEGER);
  if (o.numberOfSteps !== null) checkInteger(where, 'numberOfSteps', o.numberOfSteps, 1, Number.MAX_SAFE_INTEGER);
  checkRate(where, 'saveIntervalSecs', o.saveIntervalSecs);
  checkRate(where, 'saveSummariesSecs', o.saveSummariesSecs);
  if (logdir === null && o.summaryOp !== null)
    throw new ArgumentError(`${where}: cannot write summaries when logdir is null.`);
  checkSignal(where, o.signal);
  const { graph } = trainOp;
  const feeds = readFeeds(o.feeds, info.accumulation?.steps ?? 1, where);
  const globalStep = o.globalStep ?? info.globalStep ?? getOrCreateGlobalStep(graph);
  const session = o.session ?? (await Session.create(graph, o.sessionOptions));
  if (session.graph !== graph) throw new ArgumentError(`${where}: session: it has another graph than the train op.`);
  let lock: FolderLock | null = null;
  let summaries: StepSummaries | null = null;
  try {
    if (logdir !== null) {
      await makeFolder(logdir);
      lock = FolderLock.take(logdir, o.log);
    }
    const saver = o.saver ?? new Saver();
    await begin(session, logdir, saver, o);
    if (logdir !== null && o.summaryOp !== null)
      summaries = await StepSummaries.open(logdir, o.summaryOp, stepOf(session, globalStep), o.saveSummariesSecs);
    const saves = logdir === null ? null : new BackgroundSaves(session, saver, logdir, globalStep, o.onSaveError);
    try {
      saves?.begin();
      const loss = await steps(session, trainOp, globalStep, feeds, saves, summaries, o);
      if (saves !== null) {
        o.log('Finished training! Saving model to disk.');
        await saves.finish();
      }
      o.signal?.throwIfAborted();
      return loss;
    } finally {
      await saves?.settled();
    }
  } finally {
    try {
      await feeds.close();
      await summaries?.close();
    } finally {
      lock?.release();
      if (o.session === undefined) session.dispose();
    }
  }
}

type Checked = Required<Pick<TrainOptions, 'trainStepFn' | 'logEveryNSteps' | 'saveIntervalSecs' | 'log'>> & {
  readonly numberOfSteps: number | null;
  readonly initFn: ((session: Session) => unknown) | null;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((report: StepReport) => void) | undefined;
};

/** Gives the variables their values. */
async function begin(session: Session, logdir: string | null, saver: Saver, { initFn, log }: Checked): Promise<void> {
  const latest = logdir === null ? null : await latestCheckpoint(logdir);
  if (latest === null) {
    await session.initialize();
    await initFn?.(session);
    return;
  }
  log(`Restoring parameters from ${latest}`);
  await saver.restore(session, latest);
  // Local variables stand in no checkpoint.
  await session.initialize({ onlyUninitialized: true });
  const state = await readCheckpointState(logdir as string);
  saver.setLastCheckpoints(state?.allModelCheckpointPaths ?? [latest]);
}

async function steps(
  session: Session,
  trainOp: Tensor,
  globalStep: Variable,
  feeds: FeedReader,
  saves: BackgroundSaves | null,
  summaries: StepSummaries | null,
  { trainStepFn, logEveryNSteps, numberOfSteps, saveIntervalSecs, log, signal, onStep }: Checked,
): Promise<number | null> {
  let last: number | null = null;
  const aborted = (): boolean => signal?.aborted === true;
  while (!aborted()) {
    const batches = await feeds.next(stepOf(session, globalStep));
    if (batches === null || aborted()) break;
    const start = performance.now();
    const summarized = summaries?.isDue === true ? summaries : null;
    const { loss, shouldStop, values } = await trainStepFn(session, trainOp, globalStep, {
      feeds: batches,
      numberOfSteps,
      logEveryNSteps,
      log,
      ...(summarized === null ? {} : { fetches: summarized.fetches }),
    });
    last = loss;
    const seconds = (performance.now() - start) / 1000;
    await summarized?.write(values, loss, stepOf(session, globalStep));
    onStep?.({ step: stepOf(session, globalStep), loss, seconds });
    if (shouldStop) break;
    saves?.beginAfter(saveIntervalSecs);
  }
  return last;
}
