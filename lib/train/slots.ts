/** Variables that training adds to a graph: slots of optimizers, moving averages. */
import type { DType } from '../core/dtype.js';
import type { Graph, InitialValue, Variable } from '../core/graph.js';
import type { ConcreteShape } from '../core/shape.js';
import { GraphKeys } from '../slim/collections.js';
import { makeVariable } from '../slim/get_variable.js';
import { constantInitializer } from '../slim/initializers.js';

/** What a new variable is like. */
export interface Added {
  readonly dtype: DType;
  readonly shape: ConcreteShape;
  /** The first value of each element, or of all. */
  readonly initial: number | InitialValue;
  /** Left out of checkpoints. Default false. */
  readonly local?: boolean;
}

/** A variable that is not trained; where the graph has one of this name, `_1` and so on is appended, as TensorFlow does. */
export function addVariable(graph: Graph, name: string, { dtype, shape, initial, local = false }: Added): Variable {
  const initializer =
    typeof initial === 'number'
      ? constantInitializer(initial)
      : { draw: (s: ConcreteShape, d: DType) => initial(s, d) };
  const unique = graph.withNameScope('', () => graph.uniqueName(name));
  return graph.build(() =>
    makeVariable(graph, unique, {
      shape,
      dtype,
      initializer,
      trainable: false,
      collections: [local ? GraphKeys.localVariables : GraphKeys.globalVariables],
    }),
  );
}
