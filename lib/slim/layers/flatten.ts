import type { Tensor } from '../../core/graph.js';
import { shapeText } from '../../core/shape.js';
import { ShapeError } from '../../errors.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { reshape } from '../math.js';
import { requireTensor } from '../utils.js';
import { nameScope } from '../variable_scope.js';

/** Options of `flatten`. */
export interface FlattenOptions {
  outputsCollections: CollectionNames;
  /** Name scope of the op; `Flatten` when null. */
  scope: string | null;
}

const defaults: FlattenOptions = { outputsCollections: null, scope: null };

/**
 * [N, ...] as [N, product of the rest]; a vector becomes [N, 1].
 * @throws ShapeError for a scalar
 */
export const flatten = addArgScope(
  'flatten',
  defaults,
  (inputs: Tensor, o: FlattenOptions): Tensor =>
    nameScope(o.scope ?? 'Flatten', (name) => {
      requireTensor(inputs, `flatten (${name.slice(0, -1)})`);
      if (inputs.shape.length === 0)
        throw new ShapeError(
          `flatten (${name.slice(0, -1)}): expected a rank of at least 1, received ${shapeText(inputs.shape)}.`,
        );
      return collectNamedOutputs(o.outputsCollections, name, reshape(inputs, [0, -1], 'flatten/Reshape'));
    }),
);
