import { apply, type Tensor } from '../core/graph.js';
import * as ops from '../ops/index.js';

/** A function that a layer applies to its output. */
export type Activation = (x: Tensor) => Tensor;

/** max(x, 0), elementwise. */
export function relu(x: Tensor, name = 'Relu'): Tensor {
  return apply(ops.relu, { x }, {}, name).y;
}

/** min(max(x, 0), 6), elementwise. */
export function relu6(x: Tensor, name = 'Relu6'): Tensor {
  return apply(ops.relu6, { x }, {}, name).y;
}
