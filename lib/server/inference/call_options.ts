/** Time limit and priority of a call: as its headers say them, which are known before its body, and as its parameters do. */
import { defined } from '../../core/options.js';
import { lowestPriority } from '../../model/batching.js';
import type { PredictOptions } from '../../model/index.js';
import { type Parameters, RequestError } from '../protocol/index.js';

/** What the headers of a request say; what they do not say is left out. */
export interface Wish {
  readonly timeoutMs?: number;
  readonly priority?: number;
}

/** Headers with a time limit in milliseconds: our own, and the one that Envoy, and so Istio, tells the servers behind it. */
const timeoutHeaders = ['slimnet-timeout-ms', 'x-envoy-expected-rq-timeout-ms'];
const priorityHeader = 'slimnet-priority';

/** @param header the value of a header @throws RequestError */
export function wishOf(header: (name: string) => string | undefined): Wish {
  const limits = timeoutHeaders.flatMap((name) => {
    const value = wholeText(header(name), name, Number.MAX_SAFE_INTEGER);
    return value === undefined || value === 0 ? [] : [value];
  });
  const priority = wholeText(header(priorityHeader), priorityHeader, lowestPriority);
  return {
    ...(limits.length === 0 ? {} : { timeoutMs: Math.min(...limits) }),
    ...(priority === undefined || priority === 0 ? {} : { priority }),
  };
}

/**
 * `timeout` in microseconds and `priority` from 1, the most urgent, as Triton has them; 0 of either is what is usual.
 * @param usual what holds without them; the time limit may be shortened
 * @throws RequestError
 */
export function callOptions(
  parameters: Parameters,
  usual: { readonly timeoutMs: number; readonly priority?: number | undefined },
): Pick<PredictOptions, 'timeoutMs' | 'priority'> {
  const microseconds = whole(parameters, 'timeout', Number.MAX_SAFE_INTEGER);
  const priority = whole(parameters, 'priority', lowestPriority);
  const { timeoutMs } = usual;
  return {
    timeoutMs: microseconds === 0 ? timeoutMs : Math.min(timeoutMs, Math.max(1, Math.ceil(microseconds / 1000))),
    ...defined({ priority: priority === 0 ? usual.priority : priority }),
  };
}

function whole(parameters: Parameters, name: string, most: number): number {
  const value = parameters[name] ?? 0;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw new RequestError('malformed', `parameters.${name}: expected an integer from 0 to ${most}.`);
}

function wholeText(text: string | undefined, name: string, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new RequestError('malformed', `${name}: expected an integer from 0 to ${most}.`);
}
