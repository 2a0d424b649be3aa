import { describe } from '../core/dtype.js';
import { unknownOption } from '../core/options.js';
import { ArgumentError } from '../errors.js';

/** Options as a caller gives them: each may be left out, which `undefined` says too. `null` is a value of its own. */
export type Options<O extends object> = { readonly [K in keyof O]?: O[K] | undefined };

/**
 * Checks the names of given options and drops those that are undefined.
 * @throws ArgumentError when `given` is no object of options, or has one that is not among `names`
 */
export function checkedOptions(where: string, names: ReadonlySet<string>, given: unknown): Record<string, unknown> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new ArgumentError(`${where}: expected an object of options, received ${describe(given)}.`);
  }
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!names.has(name)) throw unknownOption(where, [...names], name, { op: where });
    if (value !== undefined) checked[name] = value;
  }
  return checked;
}

/** The options of a function that takes no part in argument scopes: its defaults overridden by what is given. */
export function mergeOptions<O extends object>(where: string, defaults: O, given: Options<O> | undefined): O {
  return { ...defaults, ...checkedOptions(where, new Set(Object.keys(defaults)), given) };
}
