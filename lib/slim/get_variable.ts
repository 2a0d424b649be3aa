import { type DType, describe, isDType } from '../core/dtype.js';
import { currentGraph, type Graph, type Tensor, type Variable } from '../core/graph.js';
import { type ConcreteShape, checkShape, isConcrete, sameShape, shapeText } from '../core/shape.js';
import { ArgumentError, ScopeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { addToCollections, GraphKeys } from './collections.js';
import { type Initializer, initialValue, xavierInitializer } from './initializers.js';
import type { Regularizer } from './regularizers.js';
import { checkScopeName, getVariableScope, isReusing, joined, type VariableScope } from './variable_scope.js';

/** What `getVariable` may be told. */
export interface GetVariableOptions {
  /** May be left out when the variable exists, or when `initializer` is an array. */
  readonly shape?: ConcreteShape | undefined;
  /** The scope's unless told, which is float32. */
  readonly dtype?: DType | undefined;
  /** Draws the first value; the scope's unless told, else Glorot's uniform distribution. */
  readonly initializer?: Initializer | undefined;
  /** The scope's unless told. */
  readonly regularizer?: Regularizer | null | undefined;
  /** Name scope, below the current one, in which the regularizer's ops stand; `<variable>/Regularizer` unless told. */
  readonly regularizerScope?: string | undefined;
  readonly trainable?: boolean | undefined;
  /**
   * Collections besides `trainable_variables`; `variables` alone unless told. What does not stand in `variables` is left out of
   * checkpoints.
   */
  readonly collections?: readonly string[] | undefined;
}

/** Makes or finds a variable by its full name. */
export type VariableGetter = (name: string, options: GetVariableOptions) => Variable;

/** Wraps the getter of the surrounding scope. */
export type CustomGetter = (getter: VariableGetter, name: string, options: GetVariableOptions) => Variable;

/**
 * A variable of the current variable scope: made, or found where the scope reuses.
 * @throws ScopeError when it exists and may not, or does not exist and must, or has another shape or dtype than asked for
 */
export function getVariable(name: string, options: GetVariableOptions = {}): Variable {
  const scope = getVariableScope();
  const getter = scope.getters.reduce<VariableGetter>((inner, custom) => (n, o) => custom(inner, n, o), makeOrFind);
  return getter(joined(scope.name, checkScopeName(name)), withDefaults(options, scope));
}

function withDefaults(options: GetVariableOptions, { defaults }: VariableScope): GetVariableOptions {
  const inherited = (options.regularizer ?? null) === null && defaults.regularizer !== null;
  return {
    ...options,
    dtype: options.dtype ?? defaults.dtype,
    initializer: options.initializer ?? defaults.initializer ?? undefined,
    ...(inherited ? { regularizer: defaults.regularizer, regularizerScope: undefined } : {}),
  };
}

function makeOrFind(name: string, options: GetVariableOptions): Variable {
  const graph = currentGraph();
  const { reuse } = getVariableScope();
  const found = graph.variables.get(name);
  if (found !== undefined) {
    if (!isReusing(reuse)) {
      throw new ScopeError(`Variable ${name} already exists, disallowed.`, {
        node: name,
        hint: 'did you mean to reuse it (reuse: true, or AUTO_REUSE)?',
      });
    }
    return checkShared(found, options);
  }
  if (reuse === true) {
    throw new ScopeError(`Variable ${name} does not exist, or was not created with getVariable.`, {
      node: name,
      hint: 'build once without reuse, or use AUTO_REUSE.',
    });
  }
  graph.withNameScope('', () => graph.uniqueName(name));
  return makeVariable(graph, name, options);
}

function checkShared(found: Variable, { shape, dtype }: GetVariableOptions): Variable {
  if (shape !== undefined && !sameShape(shape, found.shape)) {
    throw new ScopeError(
      `Trying to share variable ${found.name}, but specified shape ${shapeText(shape)} and found shape ${shapeText(found.shape)}.`,
      { node: found.name },
    );
  }
  if (dtype !== undefined && dtype !== found.dtype) {
    throw new ScopeError(
      `Trying to share variable ${found.name}, but specified dtype ${dtype} and found dtype ${found.dtype}.`,
      { node: found.name },
    );
  }
  return found;
}

/** Makes a variable under a full name that is already taken in the graph's name scopes. */
export function makeVariable(graph: Graph, name: string, options: GetVariableOptions): Variable {
  const {
    dtype = 'float32',
    initializer = xavierInitializer(),
    trainable = true,
    regularizer = null,
    collections = [GraphKeys.globalVariables],
  } = options;
  if (!isDType(dtype))
    throw new ArgumentError(`Variable ${name}: expected a dtype, received ${describe(dtype)}.`, { node: name });
  const shape = options.shape ?? initializer.shape;
  if (shape === undefined) throw new ArgumentError(`Variable ${name}: a shape is needed to make it.`, { node: name });
  checkShape(shape, `Variable ${name}`);
  if (!isConcrete(shape))
    throw new ArgumentError(`Variable ${name}: expected a known shape, received ${shapeText(shape)}.`, { node: name });
  initializer.check?.(shape, dtype, name);
  const stream = { graphSeed: graph.seed, variable: name };
  const variable = graph.addVariable(
    {
      name,
      dtype,
      shape: [...shape],
      trainable,
      saved: collections.includes(GraphKeys.globalVariables),
      initialValue: initialValue(initializer, shape, stream),
    },
    (made) => readOf(graph, made),
  );
  addToCollections(graph, trainable ? [...collections, GraphKeys.trainableVariables] : collections, variable);
  if (regularizer !== null)
    regularize(graph, variable, regularizer, options.regularizerScope ?? `${name}/Regularizer/`);
  return variable;
}

/** The node that reads a variable stands under the variable's own name, whatever name scope is open. */
function readOf(graph: Graph, variable: Variable): Tensor {
  return graph.withNameScope('', () => {
    const node = graph.add(
      ops.variable,
      [],
      { name: variable.name },
      { name: `${variable.name}/read`, types: [variable], variable },
    );
    return node.outputs[0] as Tensor;
  });
}

function regularize(graph: Graph, variable: Variable, regularizer: Regularizer, scope: string): void {
  const loss = graph.withNameScope(scope, () => regularizer(variable.tensor));
  if (loss !== null) graph.addToCollection(GraphKeys.regularizationLosses, loss);
}
