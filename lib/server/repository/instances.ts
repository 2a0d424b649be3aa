/** Instances of a model, as Triton counts them. */
import { checkInteger } from '../../core/options.js';
import { ArgumentError } from '../../errors.js';
import type { LoadModelOptions } from '../../model/index.js';

/** How many there may be. */
export const mostInstances = 1024;

/**
 * What makes a model run so many batches at the same time, each on a thread of its own, with one copy of the weights. One instance computes on all threads.
 * @param given options that say the same in other words @throws ArgumentError where there are any
 */
export function ofInstances(
  where: string,
  count: number,
  given: Pick<LoadModelOptions, 'mode' | 'threads'>,
): Pick<LoadModelOptions, 'mode' | 'threads'> {
  checkInteger(where, 'instances', count, 1, mostInstances);
  for (const name of ['mode', 'threads'] as const)
    if (given[name] !== undefined)
      throw new ArgumentError(`${where}: instances and ${name} say the same thing in two ways.`, {
        hint: 'n instances are mode throughput with n threads; --workers has instances of several threads.',
      });
  return count === 1 ? { mode: 'latency' } : { mode: 'throughput', threads: count };
}
