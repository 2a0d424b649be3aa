import { defineOp, int } from '../core/op.js';
import { ShapeError } from '../errors.js';
import { requireIndices } from './checks.js';
import { ordinary } from './traits.js';

/**
 * Whether fewer than `k` elements of a row of predictions [..., C] are larger than the one that `targets` [...] names (bool [...]):
 * ties count in favour. False where the row holds NaN or an infinity, and where the target is outside of [0, C).
 */
export const inTopK = defineOp({
  name: 'in_top_k',
  inputs: ['predictions', 'targets'],
  outputs: ['y'],
  attrs: { k: int },
  traits: { ...ordinary, dtypes: { predictions: 'float', targets: 'integer' }, batchwise: 'all' },
  infer: ({ predictions, targets }, { k }) => {
    if (k < 0) throw new ShapeError(`k: expected a number that is not negative, received ${k}.`);
    return { y: { dtype: 'bool', shape: requireIndices('targets', targets, predictions) } };
  },
  grad: null,
});
