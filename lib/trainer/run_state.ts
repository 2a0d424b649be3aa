/** What a training must know to go on to the bit, and whether it may go on with given options. */

import { openCheckpoint, readRunState } from '../checkpoint/index.js';
import type { ComputePrecision } from '../core/precision.js';
import { ArgumentError, advice, CheckpointError } from '../errors.js';
import { loadAddon } from '../native/binding.js';
import type { BestResult } from './reports.js';

/** Changes from run to run of one training would change its bits or its sense. */
export interface RunIdentity {
  readonly network: string;
  readonly classes: readonly string[];
  readonly imageSize: number;
  readonly preprocessing: string;
  readonly images: number;
  readonly batchSize: number;
  readonly gradientAccumulationSteps: number;
  readonly classBalance: string;
  readonly seed: number;
  /** Its kind: its slots stand in checkpoints. */
  readonly optimizer: string;
}

/** What `auto` came to: it decides the bits of a step. */
export interface RunMachine {
  readonly device: string;
  readonly precision: ComputePrecision;
  readonly threads: number;
  readonly instructions: string;
  /** Which engines of a GPU may compute; 'usual' unless told. */
  readonly engines: string;
  /** Version of slimnet. */
  readonly build: string;
}

/** Where a training stands. */
export interface RunProgress {
  /** Position in the data. */
  readonly epoch: number;
  readonly taken: number;
  /** Epochs that have ended and were evaluated. */
  readonly epochsDone: number;
  /** Epochs done, where an interruption came before the evaluation at their end; else 0. */
  readonly unevaluated: number;
  readonly seconds: number;
  readonly best: BestResult | null;
  /** Evaluations since the best one. */
  readonly evaluationsSinceBest: number;
  readonly stopped: boolean;
  /** Sum of the losses of the epoch under way, and its steps. */
  readonly epochLoss: number;
  readonly epochSteps: number;
}

export interface RunState extends RunProgress {
  readonly version: 1;
  readonly identity: RunIdentity;
  readonly machine: RunMachine;
  /** The network has moving averages, which a model takes. */
  readonly averages: boolean;
  /** What `slimnet train` was told; not there for a training from code. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

export const noProgress: RunProgress = {
  epoch: 0,
  taken: 0,
  epochsDone: 0,
  unevaluated: 0,
  seconds: 0,
  best: null,
  evaluationsSinceBest: 0,
  stopped: false,
  epochLoss: 0,
  epochSteps: 0,
};

/** What a checkpoint, or the newest of a folder, says of its training; null for those of none. @throws CheckpointError */
export async function readTraining(checkpoint: string): Promise<RunState | null> {
  await using reader = await openCheckpoint(checkpoint, { crc32c: loadAddon().crc32c });
  const state = await readRunState(reader);
  // Variables may have such names as well.
  return state?.identity === undefined ? null : checkedState(state, reader.path);
}

/** @throws CheckpointError for what is no state of this version */
export function checkedState(state: Readonly<Record<string, unknown>> | null, path: string): RunState {
  if (state?.identity === undefined)
    throw new CheckpointError(
      'This checkpoint is not of a Trainer: it does not say where in its data the training stands.',
      {
        path,
        hint: 'give it as `checkpoint`, and another train dir.',
      },
    );
  const { version, identity, machine, epoch, taken } = state as Partial<RunState>;
  const fits =
    version === 1 &&
    typeof identity === 'object' &&
    typeof machine === 'object' &&
    Number.isInteger(epoch) &&
    Number.isInteger(taken);
  if (!fits)
    throw new CheckpointError('The state of the training is damaged, or of a later version of slimnet.', { path });
  return { ...noProgress, ...state } as unknown as RunState;
}

/** @throws ArgumentError that names what is another than in the run that is to go on */
export function assertSameRun(before: RunIdentity, now: RunIdentity, path: string): void {
  for (const name of Object.keys(now) as (keyof RunIdentity)[]) {
    const [was, is] = [JSON.stringify(before[name]), JSON.stringify(now[name])];
    if (was === is) continue;
    throw new ArgumentError(
      `This train dir holds a training with another ${words[name]}: ${cut(was)}, now ${cut(is)}.`,
      {
        path,
        hint: 'go on with what it began with, or take another train dir.',
      },
    );
  }
}

/** @throws ArgumentError that names what would give other bits */
export function assertSameMachine(before: RunMachine, now: RunMachine, path: string): void {
  for (const name of Object.keys(now) as (keyof RunMachine)[]) {
    const was = before[name] ?? unsaid[name];
    if (was === now[name]) continue;
    throw new ArgumentError(
      `A training that goes on with another ${machineWords[name]} would not end with the same bits: ${was}, now ${now[name]}.`,
      { path, hint: advice`${['exactResume', false]} goes on all the same.` },
    );
  }
}

const words: Readonly<Record<keyof RunIdentity, string>> = {
  network: 'network',
  classes: 'list of classes',
  imageSize: 'imageSize',
  preprocessing: 'preprocessing',
  images: 'number of training images',
  batchSize: 'batchSize',
  gradientAccumulationSteps: 'gradientAccumulationSteps',
  classBalance: 'classBalance',
  seed: 'seed',
  optimizer: 'optimizer',
};

const machineWords: Readonly<Record<keyof RunMachine, string>> = {
  device: 'device',
  precision: 'precision',
  threads: 'number of threads',
  instructions: 'instruction set',
  engines: 'choice of engines (gpu)',
  build: 'version of slimnet',
};

/** Of states from before something was kept. */
const unsaid: Partial<RunMachine> = { engines: 'usual' };

function cut(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 100)}...`;
}
