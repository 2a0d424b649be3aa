/** Time limit and priority of a call, as requests carry them in parameters. */
import { defined } from '../../core/options.js';
import { lowestPriority } from '../../model/batching.js';
import type { PredictOptions } from '../../model/index.js';
import { type Parameters, RequestError } from '../protocol/index.js';

/**
 * `timeout` in microseconds and `priority` from 1, the most urgent, as Triton has them; 0 of either is what is usual.
 * @param mostMs the server's own time limit, which a request may shorten
 * @throws RequestError
 */
export function callOptions(parameters: Parameters, mostMs: number): Pick<PredictOptions, 'timeoutMs' | 'priority'> {
  const microseconds = whole(parameters, 'timeout', Number.MAX_SAFE_INTEGER);
  const priority = whole(parameters, 'priority', lowestPriority);
  return {
    timeoutMs: microseconds === 0 ? mostMs : Math.min(mostMs, Math.max(1, Math.ceil(microseconds / 1000))),
    ...defined({ priority: priority === 0 ? undefined : priority }),
  };
}

function whole(parameters: Parameters, name: string, most: number): number {
  const value = parameters[name] ?? 0;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new RequestError('malformed', `parameters.${name}: expected a whole number from 0 to ${most}.`);
}
