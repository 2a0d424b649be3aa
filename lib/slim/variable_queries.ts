import { describe } from '../core/dtype.js';
import { currentGraph, type Variable } from '../core/graph.js';
import { ArgumentError, ScopeError } from '../errors.js';
import { GraphKeys, namePattern } from './collections.js';
import { mergeOptions, type Options } from './options.js';
import { VariableScope } from './variable_scope.js';

/** Where variables are looked for: the beginning of their names, as the pattern of a regular expression, or a scope. */
export type VariableFilter = string | VariableScope | null;

/**
 * Variables of a collection whose names begin with `scope` (a pattern: `fc` finds `fc4/weights` too) and, when a suffix is
 * given, end with it.
 */
export function getVariables(
  scope: VariableFilter = null,
  suffix: string | null = null,
  collection: string = GraphKeys.globalVariables,
): Variable[] {
  const start = scope instanceof VariableScope ? scope.name : (scope ?? '');
  const pattern = namePattern(
    suffix === null ? `^(?:${start})` : `^(?:${start}).*(?:${suffix.includes(':') ? suffix : `${suffix}:`})`,
    'getVariables',
  );
  // Variables of TensorFlow carry the number of their output, on which published patterns rely.
  return currentGraph()
    .getCollection<Variable>(collection)
    .filter((v) => pattern.test(`${v.name}:0`));
}

/** Variables that layers made. */
export function getModelVariables(scope: VariableFilter = null, suffix: string | null = null): Variable[] {
  return getVariables(scope, suffix, GraphKeys.modelVariables);
}

/** Variables that training changes. */
export function getTrainableVariables(scope: VariableFilter = null, suffix: string | null = null): Variable[] {
  return getVariables(scope, suffix, GraphKeys.trainableVariables);
}

/** Variables that checkpoints leave out. */
export function getLocalVariables(scope: VariableFilter = null, suffix: string | null = null): Variable[] {
  return getVariables(scope, suffix, GraphKeys.localVariables);
}

/** Variables whose last name, or whole name, is `name`. */
export function getVariablesByName(name: string, scope: VariableFilter = null): Variable[] {
  return getVariables(scope).filter((v) => v.name === name || v.name.endsWith(`/${name}`));
}

/** Variables whose names end with `suffix`. */
export function getVariablesBySuffix(suffix: string, scope: VariableFilter = null): Variable[] {
  return getVariables(scope, suffix);
}

/** The variable of this full name. @throws ScopeError when there is none, or only longer names begin with it */
export function getUniqueVariable(name: string): Variable {
  const found = currentGraph().variables.get(name);
  if (found !== undefined) return found;
  const longer = getVariables().filter((v) => v.name.startsWith(name));
  if (longer.length === 0) throw new ScopeError(`Variable ${name}: couldn't find it.`, { node: name });
  throw new ScopeError(
    `Variable ${name} does not uniquely identify a variable: ${longer.length} names begin with it.`,
    { node: name },
  );
}

/**
 * Variables to restore: those below the included scopes (all when left out), in order, without those below the excluded ones.
 * @throws ArgumentError when one of the two is no list
 */
export function getVariablesToRestore(
  include: readonly string[] | null = null,
  exclude: readonly string[] | null = null,
): Variable[] {
  for (const [name, list] of [
    ['include', include],
    ['exclude', exclude],
  ] as const) {
    if (list !== null && !Array.isArray(list))
      throw new ArgumentError(`getVariablesToRestore: ${name}: expected a list of scopes, received ${describe(list)}.`);
  }
  const wanted = include === null ? getVariables() : include.flatMap((scope) => getVariables(scope));
  const unwanted = new Set((exclude ?? []).flatMap((scope) => getVariables(scope)));
  return wanted.filter((v) => !unwanted.has(v));
}

/** Options of `filterVariables`. */
export interface FilterVariablesOptions {
  /** Kept is what one of these patterns matches; null: everything. */
  includePatterns: readonly string[] | null;
  /** Of what is kept, dropped is what one of these patterns matches. */
  excludePatterns: readonly string[] | null;
  /** Patterns may match anywhere in a name; false: from its beginning. */
  regSearch: boolean;
}

/**
 * Those of some variables whose names regular expressions include and do not exclude, in their order.
 * @throws ArgumentError for a pattern that is no regular expression
 */
export function filterVariables(
  variables: readonly Variable[],
  options: Options<FilterVariablesOptions> = {},
): Variable[] {
  const { includePatterns, excludePatterns, regSearch } = mergeOptions<FilterVariablesOptions>(
    'filterVariables',
    { includePatterns: null, excludePatterns: null, regSearch: true },
    options,
  );
  const compiled = (patterns: readonly string[]) =>
    patterns.map((p) => namePattern(regSearch ? p : `^(?:${p})`, 'filterVariables'));
  const matches = (patterns: readonly RegExp[], v: Variable) => patterns.some((p) => p.test(`${v.name}:0`));
  const included = includePatterns === null ? null : compiled(includePatterns);
  const excluded = compiled(excludePatterns ?? []);
  return variables.filter((v) => (included === null || matches(included, v)) && !matches(excluded, v));
}

/** The name under which checkpoints hold a variable: its own, there being no partitioned variables. */
export function getVariableFullName(variable: Variable): string {
  return variable.name;
}
