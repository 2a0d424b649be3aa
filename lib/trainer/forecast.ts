/** What a training will take, before it is begun. */
import { defined } from '../core/options.js';
import { type Feeds, Session } from '../runtime/index.js';
import { trainStep } from '../train/index.js';
import { feedsOf, firstBatches } from './batches.js';
import { assertStepFits } from './memory.js';
import type { Parts } from './prepare.js';
import type { TrainingForecast } from './reports.js';
import { stepFetches, valuesIn } from './training_graph.js';

/** Compiles a step, and runs it on the first batch in variables of its own. @throws ExecutionError (ERR_MEMORY) where there is no memory for it */
export async function forecast(parts: Parts): Promise<TrainingForecast> {
  const { training, length, machine, weights, options: o } = parts;
  const bytes = await assertStepFits(parts);
  const batches = await firstBatches(parts);
  const { device, precision, threads } = machine;
  await using session = await Session.create(
    training.graph,
    defined({ device, threads, precision: parts.session.precision, gpu: o.gpu }),
  );
  await session.initialize();
  const feeds = batches.map((batch) => feedsOf(batch, weights));
  let seconds = Number.POSITIVE_INFINITY;
  // The first step also takes its memory.
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await trainStep(session, training.trainOp, training.globalStep, {
      feeds: o.gradientAccumulationSteps === 1 ? (feeds[0] as Feeds) : feeds,
      fetches: stepFetches(training),
    });
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  return {
    parameters: valuesIn(training.modelVariables),
    trainedParameters: valuesIn(training.trained),
    ...length,
    bytes,
    secondsPerStep: seconds,
    precision,
    threads,
  };
}
