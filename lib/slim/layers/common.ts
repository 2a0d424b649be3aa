import { type DType, describe } from '../../core/dtype.js';
import { Tensor, type Variable } from '../../core/graph.js';
import { type ConcreteShape, typeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import type { Activation } from '../activations.js';
import { addToCollections, type CollectionNames, collectionList, GraphKeys } from '../collections.js';
import { getVariable } from '../get_variable.js';
import type { Initializer } from '../initializers.js';
import type { Regularizer } from '../regularizers.js';

/** Collections for all variables of a layer, or for each by its short name (`weights`, `biases`, `gamma`, ...). */
export type VariablesCollections = CollectionNames | Readonly<Record<string, CollectionNames>>;

/** A layer that takes the place of the biases: batch norm, dropout. Its options are `normalizerParams`. */
export type Normalizer = (inputs: Tensor, params?: never) => Tensor;

/** What a layer says of one of its variables. */
export interface LayerVariable {
  readonly shape: ConcreteShape;
  readonly dtype: DType;
  readonly initializer: Initializer;
  readonly regularizer?: Regularizer | null;
  readonly trainable: boolean;
  readonly variablesCollections: VariablesCollections;
  /** Name under which the regularization loss stands where it is not the variable's own. */
  readonly coreName?: string;
}

/** Makes or reuses a variable of a layer; it stands in `model_variables`. */
export function layerVariable(name: string, v: LayerVariable): Variable {
  const variable = getVariable(name, {
    shape: v.shape,
    dtype: v.dtype,
    initializer: v.initializer,
    regularizer: v.regularizer ?? null,
    regularizerScope: `${v.coreName ?? name}/Regularizer`,
    trainable: v.trainable,
    collections: [GraphKeys.globalVariables, GraphKeys.modelVariables],
  });
  addToCollections(variable.tensor.graph, collectionsOf(v.variablesCollections, name), variable);
  return variable;
}

function collectionsOf(collections: VariablesCollections, name: string): readonly string[] {
  const byName = typeof collections === 'object' && collections !== null && !Array.isArray(collections);
  return collectionList(
    byName ? (collections as Readonly<Record<string, CollectionNames>>)[name] : collections,
    'variablesCollections',
  );
}

/** The end of most layers: `activation(x)`, or x. @throws ArgumentError when the activation is no function */
export function activated(x: Tensor, activation: Activation | null, where: string): Tensor {
  requireFunction(activation, `${where}: activationFn`);
  return activation === null ? x : activation(x);
}

/** @throws ArgumentError unless the value is a function or null */
export function requireFunction(value: unknown, where: string): void {
  if (value !== null && typeof value !== 'function')
    throw new ArgumentError(`${where}: expected a function or null, received ${describe(value)}.`);
}

/** @throws ArgumentError unless the value is an initializer */
export function requireInitializer(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null || typeof (value as Partial<Initializer>).draw !== 'function') {
    throw new ArgumentError(`${where}: expected an initializer, received ${describe(value)}.`);
  }
}

/** @throws ArgumentError, ShapeError unless the mode is true, false, or a scalar of bool that is asked at each run */
export function requireMode(value: unknown, where: string): asserts value is boolean | Tensor {
  if (typeof value === 'boolean') return;
  if (!(value instanceof Tensor))
    throw new ArgumentError(`${where} cannot be ${describe(value)}; it is true, false or a scalar of bool.`);
  if (value.dtype !== 'bool' || value.shape.length !== 0)
    throw new ShapeError(`${where}: expected bool[], received ${typeText(value)}.`);
}

/** @throws ArgumentError unless the value is true or false */
export function requireBoolean(value: unknown, where: string): void {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${where}: expected true or false, received ${describe(value)}.`);
}
