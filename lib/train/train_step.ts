/** One training step of a session. */
import type { Tensor, Variable } from '../core/graph.js';
import { checkInteger, type Defaults, withDefaults } from '../core/options.js';
import { ArgumentError, ExecutionError } from '../errors.js';
import type { Feeds, Session, TensorValue } from '../runtime/index.js';
import { type TrainOpInfo, trainOpInfo } from './train_op.js';

/** What one step is fed with: one set of feeds, or one for each batch whose gradients it accumulates. */
export type StepFeeds = Feeds | readonly Feeds[];

/** Options of `trainStep`. */
export interface TrainStepOptions {
  /** Default: none, for graphs without placeholders. */
  readonly feeds?: StepFeeds;
  /** The step is said to be the last one where the global step has come to this. */
  readonly numberOfSteps?: number | null;
  /** A line is logged where the global step is a multiple. 0: never. Default 0. */
  readonly logEveryNSteps?: number;
  /** Where lines go. Default: standard error. */
  readonly log?: (line: string) => void;
  /** Tensors that are computed as well, in the run of the step's last batch. Default: none. */
  readonly fetches?: Readonly<Record<string, Tensor>>;
  /** As in `session.run`. Default false. */
  readonly borrowed?: boolean;
}

const defaults = {
  feeds: {},
  numberOfSteps: null,
  logEveryNSteps: 0,
  log: toStandardError,
  fetches: {},
  borrowed: false,
} satisfies Defaults<TrainStepOptions>;

/** What became of a step. */
export interface TrainStepResult {
  /** With the weights from before the step; the mean over its batches. */
  readonly loss: number;
  readonly shouldStop: boolean;
  /** The `fetches`. */
  readonly values: Readonly<Record<string, TensorValue>>;
}

/**
 * Makes a step, as Slim's train_step: the line is `global step 10: loss = 0.1234 (0.056 sec/step)`.
 * @param globalStep a counter that the train op counts
 * @throws ExecutionError for a loss that is NaN or infinite: the step has then changed nothing; and like `session.run`
 */
export async function trainStep(
  session: Session,
  trainOp: Tensor,
  globalStep: Variable,
  options: TrainStepOptions = {},
): Promise<TrainStepResult> {
  const { feeds, numberOfSteps, logEveryNSteps, log, fetches, borrowed } = withDefaults('trainStep', options, defaults);
  checkInteger('trainStep', 'logEveryNSteps', logEveryNSteps, 0, Number.MAX_SAFE_INTEGER);
  const start = performance.now();
  const { loss, values } = await runStep(session, trainOp, trainOpInfo(trainOp), feeds, { fetches, borrowed });
  const seconds = (performance.now() - start) / 1000;
  const step = stepOf(session, globalStep);
  if (logEveryNSteps > 0 && step % logEveryNSteps === 0)
    log(`global step ${step}: loss = ${loss.toFixed(4)} (${seconds.toFixed(3)} sec/step)`);
  return { loss, shouldStop: numberOfSteps !== null && step >= numberOfSteps, values };
}

async function runStep(
  session: Session,
  trainOp: Tensor,
  { accumulation }: TrainOpInfo,
  feeds: StepFeeds,
  { fetches, borrowed }: { readonly fetches: Readonly<Record<string, Tensor>>; readonly borrowed: boolean },
): Promise<{ readonly loss: number; readonly values: Readonly<Record<string, TensorValue>> }> {
  const batches = Array.isArray(feeds) ? (feeds as readonly Feeds[]) : [feeds as Feeds];
  const expected = accumulation?.steps ?? 1;
  if (batches.length !== expected)
    throw new ArgumentError(`trainStep: feeds: expected those of ${expected} batches, received ${batches.length}.`);
  let sum = 0;
  let done = 0;
  let values: Readonly<Record<string, TensorValue>> = {};
  // The caller's fetches may have any names.
  let own = 'loss';
  while (own in fetches) own = `_${own}`;
  try {
    for (const batch of batches) {
      const isLast = done === expected - 1 || accumulation === null;
      const wanted: Readonly<Record<string, Tensor>> = isLast
        ? { ...fetches, [own]: trainOp }
        : { [own]: accumulation.op };
      const { [own]: loss, ...others } = await session.run(batch, wanted, { borrowed });
      values = others;
      sum += Number(loss?.data[0]);
      done++;
    }
  } catch (error) {
    // A step that fails has changed nothing: the gradients of its first batches do not wait for another one.
    if (accumulation !== null && done > 0) await session.initialize({ variables: accumulation.sums });
    throw error;
  }
  return { loss: sum / expected, values };
}

/** The value of a counter. @throws ExecutionError where a number of JavaScript cannot hold it */
export function stepOf(session: Session, globalStep: Variable): number {
  const step = Number(session.read(globalStep)[0]);
  if (Number.isSafeInteger(step)) return step;
  throw new ExecutionError(`${globalStep.name} is ${step}: expected a number of steps.`, { node: globalStep.name });
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
