/** A training that goes on: what it was begun with holds, unless told otherwise. */
import { latestCheckpoint } from '../../checkpoint/index.js';
import { defined } from '../../core/options.js';
import { readTraining } from '../../trainer/index.js';
import { flagOfOptimizer } from './optimizer.js';

/**
 * The options that the training in a train dir was begun with, as far as its bits depend on them; none where there is no training.
 * @throws CheckpointError for a checkpoint that cannot be read
 */
export async function begunOptions(trainDir: string | undefined): Promise<Record<string, unknown>> {
  const latest = trainDir === undefined ? null : await latestCheckpoint(trainDir);
  const state = latest === null ? null : await readTraining(latest);
  if (state === null) return {};
  const { identity, machine } = state;
  return defined({
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
  });
}
