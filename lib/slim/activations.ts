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

/** x where it is positive, else exp(x) - 1, elementwise (Clevert et al., 2016). */
export function elu(x: Tensor, name = 'Elu'): Tensor {
  return apply(ops.elu, { x }, {}, name).y;
}

/** 1 / (1 + exp(-x)), elementwise. */
export function sigmoid(x: Tensor, name = 'Sigmoid'): Tensor {
  return apply(ops.sigmoid, { x }, {}, name).y;
}
