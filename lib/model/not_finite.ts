/** Results that are no numbers: what is said of them, instead of handing them over. */
import { holds } from '../core/dtype.js';
import { ExecutionError } from '../errors.js';
import type { Session } from '../runtime/session/session.js';

/** True when a value is NaN or infinite. */
export function anyNotFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return true;
  return false;
}

/** The first variable of a session with a value that is NaN or infinite; null where there is none. Reads them all. */
export function notFiniteVariable(session: Session): string | null {
  for (const name of session.graph.variables.keys()) {
    const values = session.read(name);
    if (holds('float32', values) && anyNotFinite(values as Float32Array)) return name;
  }
  return null;
}

/**
 * The error of an image whose results are NaN or infinite.
 * @param what the results: `predictions`, say @param variable which variable is to blame; pixels are finite always
 */
export function notFiniteError(network: string, what: string, variable: string | null): ExecutionError {
  const cause =
    variable === null
      ? 'all variables are finite, so values become too large on the way'
      : `the variable ${variable} has such values`;
  return new ExecutionError(`${network} gives ${what} that are NaN or infinite: ${cause}.`, {
    ...(variable === null ? {} : { node: variable }),
    hint: 'the weights are damaged, or those of another network: compare them with where they come from.',
  });
}
