/**
 * Moving statistics of batch normalizations made anew from the weights as they are: those that a training has gathered lag behind weights that
 * change quickly, and behind averages of weights even more.
 */
import type { TypedArray } from '../core/dtype.js';
import type { Tensor, Variable } from '../core/graph.js';
import { defined } from '../core/options.js';
import { BatchLoader } from '../data/index.js';
import { DataError } from '../errors.js';
import { Session } from '../runtime/index.js';
import { loaderOptions } from './batches.js';
import type { Parts } from './prepare.js';
import type { TrainingGraph } from './training_graph.js';

/** Ops that keep a moving average of their last input in the variable of their first. */
const movingAverages = new Set(['assign_moving_average', 'assign_debiased_moving_average']);

/**
 * Runs batches of training images through the network, and makes the means of their statistics the moving ones. They are always the same
 * batches, so a training that goes on ends with the same bits.
 * @param batches at most; fewer where an epoch has fewer
 * @throws the signal's reason, with nothing changed; what the data throws
 */
export async function recalibrate(parts: Parts, batches: number, signal?: AbortSignal): Promise<void> {
  const { training, session } = parts;
  const statistics = movingStatistics(training);
  if (statistics.size === 0) return;
  const { averages } = training;
  const means =
    averages.size === 0
      ? await meansOf(parts, session, statistics, batches, signal)
      : await withAverages(parts, (other) => meansOf(parts, other, statistics, batches, signal));
  for (const [variable, values] of means) session.write(averages.get(variable) ?? variable, values);
}

/** What each moving statistic follows. */
function movingStatistics({ graph, modelVariables }: TrainingGraph): ReadonlyMap<Variable, Tensor> {
  const own = new Set(modelVariables);
  const found = new Map<Variable, Tensor>();
  for (const { op, inputs } of graph.nodes) {
    const variable = movingAverages.has(op.name) ? inputs[0]?.node.variable : null;
    if (variable != null && own.has(variable)) found.set(variable, inputs.at(-1) as Tensor);
  }
  return found;
}

/** Runs `body` with a session in which the network's variables have the values of their averages. */
async function withAverages<T>(
  { training, session, machine }: Parts,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const { device, threads } = machine;
  const other = await Session.create(
    training.graph,
    defined({ device, threads, precision: session.precision, gpu: session.gpu }),
  );
  try {
    await other.assignFrom(session, training.averages);
    await other.initialize({ onlyUninitialized: true });
    return await body(other);
  } finally {
    other.dispose();
  }
}

async function meansOf(
  parts: Parts,
  session: Session,
  statistics: ReadonlyMap<Variable, Tensor>,
  batches: number,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<Variable, Float32Array>> {
  const variables = [...statistics.keys()];
  const fetches = Object.fromEntries(variables.map((variable) => [variable.name, statistics.get(variable) as Tensor]));
  const sums = variables.map(({ shape }) => new Float64Array(shape[0] ?? 1));
  let count = 0;
  const loader = await BatchLoader.create(parts.data, {
    ...loaderOptions(parts),
    epochs: 1,
    ...(signal && { signal }),
  });
  for await (const { images } of loader) {
    const values = await session.run({ images }, fetches);
    for (const [i, { name }] of variables.entries()) {
      const sum = sums[i] as Float64Array;
      const { data } = values[name] as { readonly data: TypedArray };
      for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] as number) + Number(data[k]);
    }
    count++;
    if (count === batches) break;
  }
  signal?.throwIfAborted();
  if (count === 0) throw new DataError('The data gives no whole batch.');
  return new Map(
    variables.map((variable, i) => [variable, Float32Array.from(sums[i] as Float64Array, (sum) => sum / count)]),
  );
}
