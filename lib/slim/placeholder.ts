import { type DType, describe, isDType } from '../core/dtype.js';
import { currentGraph, type Tensor } from '../core/graph.js';
import { withDefaults } from '../core/options.js';
import { type ConcreteShape, elementCount, type Shape, shapeText } from '../core/shape.js';
import { ArgumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { flatValues, type NestedValues } from './nested_values.js';
import { nameScope } from './variable_scope.js';

/**
 * A value that is handed in at each run, under the placeholder's name.
 * @param shape dimensions; null where the size is only known at the run
 * @throws ArgumentError for a dtype that does not exist, ShapeError for impossible dimensions
 */
export function placeholder(dtype: DType, shape: Shape, options: { readonly name?: string } = {}): Tensor {
  const { name } = withDefaults('placeholder', options, { name: 'Placeholder' });
  checkType('placeholder', dtype, shape);
  const graph = currentGraph();
  return nameScope(name, (fullName) => {
    const node = graph.add(
      ops.input,
      [],
      { name: fullName.slice(0, -1) },
      { name: fullName, types: [{ dtype, shape: [...shape] }] },
    );
    return node.outputs[0] as Tensor;
  });
}

/**
 * Values that are part of the graph.
 * @param values a number, a typed array, or nested lists, whose shape is taken; or as many as `shape` has elements, or one that fills it
 * @param options.dtype float32 unless told; true and false are values of bool alone
 * @throws ArgumentError when count and shape do not fit, for lists of different lengths, and for what is no number; 64-bit integers must be
 *   exact as JavaScript numbers
 */
export function constant(
  values: NestedValues,
  options: { readonly dtype?: DType; readonly shape?: ConcreteShape; readonly name?: string } = {},
): Tensor {
  const defaults = { dtype: 'float32' as const, shape: undefined, name: 'Const' };
  const { dtype, name, ...rest } = withDefaults('constant', options, defaults);
  const flat = flatValues('constant', values, dtype === 'bool');
  const { shape = flat.shape } = rest;
  checkType('constant', dtype, shape);
  const list = flat.list.map(Number);
  const wrong = list.find((v) => !dtype.includes('float') && !Number.isSafeInteger(v));
  if (wrong !== undefined)
    throw new ArgumentError(`constant: expected values of ${dtype}, received ${describe(wrong)}.`);
  if (list.length !== 1 && list.length !== elementCount(shape)) {
    throw new ArgumentError(
      `constant: ${shapeText(shape)} has ${elementCount(shape)} elements, received ${list.length} values.`,
    );
  }
  return currentGraph().add(ops.constant, [], { values: list }, { name, types: [{ dtype, shape: [...shape] }] })
    .outputs[0] as Tensor;
}

function checkType(where: string, dtype: unknown, shape: unknown): void {
  if (!isDType(dtype))
    throw new ArgumentError(`${where}: dtype: expected the name of a dtype, received ${describe(dtype)}.`);
  if (!Array.isArray(shape))
    throw new ArgumentError(`${where}: shape: expected a list of dimensions, received ${describe(shape)}.`);
}
