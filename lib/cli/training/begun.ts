/** A training that goes on: what it was begun with holds, unless told otherwise. */
import { latestCheckpoint } from '../../checkpoint/index.js';
import { defined } from '../../core/options.js';
import { type RunState, readTraining } from '../../trainer/index.js';
import { completeFlags } from './flags.js';
import { flagOfOptimizer } from './optimizer.js';

/** Of where and what: what a training keeps to. The rest is its identity, or of no account once it has begun. */
const keptPlaces = [
  'validation',
  'split',
  'labelsOffset',
  'trainableScopes',
  'freeze',
  'logitsRateScale',
  'patience',
] as const;

/** What each checkpoint of a training keeps of its flags. */
export function flagsToKeep(named: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const places = Object.fromEntries(keptPlaces.map((name) => [name, named[name]]));
  return defined({ ...places, ...completeFlags(named) });
}

/**
 * The options with which a training goes on: what was asked for, else what the training in the train dir was begun with. A preset that is asked
 * for brings its own defaults.
 * @throws CheckpointError for a checkpoint that cannot be read
 */
export async function begunOptions(asked: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const { trainDir } = asked;
  const latest = typeof trainDir === 'string' ? await latestCheckpoint(trainDir) : null;
  const state = latest === null ? null : await readTraining(latest);
  if (state === null) return defined(asked);
  const { epochs, steps, ...how } = asked.preset === undefined ? (state.flags ?? {}) : heldOutOf(state);
  const length = asked.epochs === undefined && asked.steps === undefined ? { epochs, steps } : {};
  const { identity, machine } = state;
  return {
    ...how,
    ...defined({
      ...length,
      model: identity.network,
      size: identity.imageSize,
      seed: identity.seed,
      batchSize: identity.batchSize,
      accumulation: identity.gradientAccumulationSteps,
      classBalance: identity.classBalance,
      optimizer: flagOfOptimizer(identity.optimizer),
      device: machine.device,
      precision: machine.precision,
      threads: machine.threads,
    }),
    ...defined(asked),
  };
}

/** How a training divided its images, so that an evaluation sees those that were held out. */
export function heldOutOf(state: RunState | null): Record<string, unknown> {
  const { validation, split, labelsOffset } = state?.flags ?? {};
  return defined({ validation, split, labelsOffset });
}
