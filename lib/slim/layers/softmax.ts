import { apply, type Tensor } from '../../core/graph.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { lastDimension, requireTensor } from '../utils.js';
import { type Scope, variableScope } from '../variable_scope.js';

/** Options of `softmax`. */
export interface SoftmaxOptions {
  /** Scope of the op; `softmax`, made unique, when null. */
  scope: Scope;
}

const defaults: SoftmaxOptions = { scope: null };

/**
 * Softmax over the last axis.
 * @param logits [..., classes] of rank 2 or more
 * @throws ShapeError when the rank is below 2 or the number of classes unknown
 */
export const softmax = addArgScope(
  'softmax',
  defaults,
  (logits: Tensor, o: SoftmaxOptions): Tensor =>
    variableScope(o.scope, 'softmax', () => {
      requireTensor(logits, 'softmax');
      lastDimension(logits.shape, 2);
      return apply(ops.softmax, { x: logits }, {}, 'Softmax').y;
    }),
);
