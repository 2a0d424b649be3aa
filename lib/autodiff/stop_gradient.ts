import { apply, type Tensor } from '../core/graph.js';
import * as ops from '../ops/index.js';

/** x itself, through which no gradient goes: as TensorFlow's tf.stop_gradient. */
export function stopGradient(x: Tensor, name = 'StopGradient'): Tensor {
  return apply(ops.stopGradient, { x }, {}, name).y;
}
