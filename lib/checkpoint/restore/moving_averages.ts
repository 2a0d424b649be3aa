/**
 * Moving averages of variables, which training keeps beside them: `<variable>/ExponentialMovingAverage`, as TensorFlow's
 * ExponentialMovingAverage names them (TF-Slim's `moving_average_decay`).
 */
import { advice, CheckpointError } from '../../errors.js';
import type { TensorInfo } from '../types.js';

const suffix = '/ExponentialMovingAverage';

type Tensors = ReadonlyMap<string, TensorInfo>;

/** The name of a variable's average. */
export function averageName(variable: string): string {
  return `${variable}${suffix}`;
}

/** The variable that a tensor of this name is the average of; null for all others. */
export function averagedVariable(tensor: string): string | null {
  return tensor.length > suffix.length && tensor.endsWith(suffix) ? tensor.slice(0, -suffix.length) : null;
}

/**
 * The tensors with each average under the name of its variable, in its place or where it has none itself: what Slim's evaluation
 * restores (`variables_to_restore`). Each `TensorInfo` keeps the name under which it is stored.
 * @throws CheckpointError when there are no averages
 */
export function withAverages({ path, tensors }: { readonly path: string; readonly tensors: Tensors }): Tensors {
  const averages = [...tensors].filter(([name]) => averagedVariable(name) !== null);
  if (averages.length === 0) {
    throw new CheckpointError(
      `There are no moving averages in the checkpoint: no tensor is called <variable>${suffix}.`,
      {
        path,
        hint: advice`leave out ${'useMovingAverages'}, and the variables themselves are taken.`,
      },
    );
  }
  const named = new Map(tensors);
  for (const [name, info] of averages) named.set(averagedVariable(name) as string, info);
  return named;
}
