import { type DType, describe } from '../core/dtype.js';
import { currentGraph, type Graph, type Variable } from '../core/graph.js';
import type { ConcreteShape } from '../core/shape.js';
import { ArgumentError, ScopeError } from '../errors.js';
import { addArgScope } from './arg_scope.js';
import { GraphKeys } from './collections.js';
import { getVariable } from './get_variable.js';
import { type Initializer, zerosInitializer } from './initializers.js';
import type { Regularizer } from './regularizers.js';
import { VariableScope, variableScope } from './variable_scope.js';

/** Options of `variable` and `modelVariable`. */
export interface VariableOptions {
  /** May be null when the variable exists, or when the initializer has a shape. */
  shape: ConcreteShape | null;
  dtype: DType;
  /** null: Glorot's uniform distribution. */
  initializer: Initializer | null;
  regularizer: Regularizer | null;
  trainable: boolean;
  /** Collections besides `variables` and `trainable_variables`. */
  collections: readonly string[];
}

const defaults: VariableOptions = {
  shape: null,
  dtype: 'float32',
  initializer: null,
  regularizer: null,
  trainable: true,
  collections: [],
};

function make(name: string, o: VariableOptions, collections: readonly string[]): Variable {
  return getVariable(name, {
    shape: o.shape ?? undefined,
    dtype: o.dtype,
    initializer: o.initializer ?? undefined,
    regularizer: o.regularizer,
    trainable: o.trainable,
    collections,
  });
}

/** A variable of the current variable scope, made or reused. */
export const variable = addArgScope(
  'variable',
  defaults,
  (name: string, o: VariableOptions): Variable => make(name, o, o.collections),
);

/** As `variable`, and part of the model: it stands in `model_variables` too. */
export const modelVariable = addArgScope(
  'model_variable',
  defaults,
  (name: string, o: VariableOptions): Variable => make(name, o, [GraphKeys.modelVariables, ...o.collections]),
);

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
  const pattern = compile(
    suffix === null ? `^(?:${start})` : `^(?:${start}).*(?:${suffix.includes(':') ? suffix : `${suffix}:`})`,
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

/** Variables whose last name, or whole name, is `name`. */
export function getVariablesByName(name: string, scope: VariableFilter = null): Variable[] {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const whole = new RegExp(`(?:^|/)${literal}$`);
  return getVariables(scope).filter((v) => whole.test(v.name));
}

/** Variables whose names end with `suffix`. */
export function getVariablesBySuffix(suffix: string, scope: VariableFilter = null): Variable[] {
  return getVariables(scope, suffix);
}

/** The variable of this full name. @throws ScopeError when there is none, or only longer names begin with it */
export function getUniqueVariable(name: string): Variable {
  const found = currentGraph().variables.get(name);
  if (found !== undefined) return found;
  const longer = getVariables(name);
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

/** The step counter of a graph, or null when it has none. */
export function getGlobalStep(graph: Graph = currentGraph()): Variable | null {
  return graph.getCollection<Variable>(GraphKeys.globalStep)[0] ?? null;
}

/** Makes the step counter: `global_step`, int64, 0 at first, not trained. @throws ScopeError when there is one */
export function createGlobalStep(): Variable {
  if (getGlobalStep() !== null) throw new ScopeError('global_step already exists.', { node: 'global_step' });
  return atRoot(() =>
    getVariable('global_step', {
      shape: [],
      dtype: 'int64',
      initializer: zerosInitializer(),
      trainable: false,
      collections: [GraphKeys.globalStep],
    }),
  );
}

/** The step counter, made when there is none. */
export function getOrCreateGlobalStep(): Variable {
  return getGlobalStep() ?? createGlobalStep();
}

/** The counter's name has no prefix, whatever scope it is first asked for in. */
function atRoot<R>(body: () => R): R {
  return variableScope(new VariableScope('', '', null, []), body);
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (cause) {
    throw new ArgumentError(`getVariables: ${JSON.stringify(pattern)} is no regular expression.`, { cause });
  }
}
