import type { DType, TypedArray } from '../core/dtype.js';
import { currentGraph, type Variable } from '../core/graph.js';
import type { ConcreteShape } from '../core/shape.js';
import { addArgScope } from './arg_scope.js';
import { addToCollections, type CollectionNames, collectionList, GraphKeys } from './collections.js';
import { getVariable, makeVariable, type VariableGetter } from './get_variable.js';
import { constantInitializer, type Initializer } from './initializers.js';
import { mergeOptions, type Options } from './options.js';
import type { Regularizer } from './regularizers.js';
import { checkScopeName } from './variable_scope.js';

/** Options of `variable` and `modelVariable`. */
export interface VariableOptions {
  /** May be null when the variable exists, or when the initializer has a shape. */
  shape: ConcreteShape | null;
  /** null: that of the scope. */
  dtype: DType | null;
  /** null: that of the scope, else Glorot's uniform distribution. */
  initializer: Initializer | null;
  /** null: that of the scope. */
  regularizer: Regularizer | null;
  trainable: boolean;
  /**
   * Collections besides `trainable_variables`; null: `variables`. What does not stand in `variables` is left out of checkpoints.
   * For `modelVariable` these come on top of `variables` and `model_variables`.
   */
  collections: CollectionNames;
  /** Called in place of `getVariable`. */
  customGetter: VariableGetter | null;
}

const defaults: VariableOptions = {
  shape: null,
  dtype: null,
  initializer: null,
  regularizer: null,
  trainable: true,
  collections: null,
  customGetter: null,
};

function make(name: string, o: VariableOptions, collections: readonly string[] | undefined): Variable {
  return (o.customGetter ?? getVariable)(name, {
    shape: o.shape ?? undefined,
    dtype: o.dtype ?? undefined,
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
  (name: string, o: VariableOptions): Variable =>
    make(name, o, o.collections === null ? undefined : collectionList(o.collections, 'variable')),
);

/** As `variable`, and part of the model: it stands in `model_variables` too, and is float32 unless told. */
export const modelVariable = addArgScope(
  'model_variable',
  { ...defaults, dtype: 'float32' },
  (name: string, o: VariableOptions): Variable =>
    make(name, o, [
      ...collectionList(o.collections, 'modelVariable'),
      GraphKeys.globalVariables,
      GraphKeys.modelVariables,
    ]),
);

/** Makes a variable part of the model. */
export function addModelVariable(made: Variable): void {
  addToCollections(made.tensor.graph, [GraphKeys.modelVariables], made);
}

/** First values of `localVariable` and `globalVariable`: as `constantInitializer` takes them, or an initializer. */
export type InitialValues = number | bigint | readonly number[] | TypedArray | Initializer;

/** Options of `localVariable` and `globalVariable`. */
export interface ValueVariableOptions {
  /** Stands below the name scope and is made unique there: `Variable`, `Variable_1`, ... */
  name: string;
  /** null: a scalar for a number, a vector for an array, the initializer's own. */
  shape: ConcreteShape | null;
  dtype: DType;
}

/**
 * A new variable with a value that is not trained and that checkpoints leave out, such as the counter of a metric: it stands in
 * `local_variables` alone. Unlike those of `getVariable` it is never reused: its name is made unique.
 * @throws ArgumentError when value, shape and dtype do not fit
 */
export function localVariable(initialValue: InitialValues, options: Options<ValueVariableOptions> = {}): Variable {
  return withValue('localVariable', initialValue, options, GraphKeys.localVariables);
}

/** As `localVariable`, but saved: it stands in `variables`. */
export function globalVariable(initialValue: InitialValues, options: Options<ValueVariableOptions> = {}): Variable {
  return withValue('globalVariable', initialValue, options, GraphKeys.globalVariables);
}

function withValue(
  where: string,
  initialValue: InitialValues,
  options: Options<ValueVariableOptions>,
  collection: string,
): Variable {
  const { name, shape, dtype } = mergeOptions<ValueVariableOptions>(
    where,
    { name: 'Variable', shape: null, dtype: 'float32' },
    options,
  );
  const graph = currentGraph();
  const scalar = typeof initialValue === 'number' || typeof initialValue === 'bigint';
  const initializer = isInitializer(initialValue)
    ? initialValue
    : constantInitializer(initialValue, shape === null ? {} : { shape });
  const own = shape ?? (scalar ? [] : undefined);
  return makeVariable(graph, graph.uniqueName(checkScopeName(name)), {
    shape: own,
    dtype,
    initializer,
    trainable: false,
    collections: [collection],
  });
}

function isInitializer(value: InitialValues): value is Initializer {
  return typeof value === 'object' && 'draw' in value;
}
