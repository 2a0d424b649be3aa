import { describe } from '../core/dtype.js';
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
    if (!names.has(name)) throw unknownOption(where, names, name);
    if (value !== undefined) checked[name] = value;
  }
  return checked;
}

/** The options of a function that takes no part in argument scopes: its defaults overridden by what is given. */
export function mergeOptions<O extends object>(where: string, defaults: O, given: Options<O> | undefined): O {
  return { ...defaults, ...checkedOptions(where, new Set(Object.keys(defaults)), given) };
}

/** The error for an option that does not exist; it names the one that was probably meant. */
export function unknownOption(where: string, names: ReadonlySet<string>, name: string): ArgumentError {
  const meant = [...names].find((known) => withinOneEdit(normalized(known), normalized(name)));
  return new ArgumentError(`${where} has no option ${name}; it has ${[...names].join(', ') || 'none'}.`, {
    op: where,
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
  });
}

function normalized(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/** True when one insertion, deletion or replacement at most turns `a` into `b`. */
function withinOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let i = 0;
  while (i < short.length && short[i] === long[i]) i++;
  return short.slice(short.length === long.length ? i + 1 : i) === long.slice(i + 1);
}
