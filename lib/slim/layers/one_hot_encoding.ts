import { describe } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { positiveInteger, requireTensor } from '../utils.js';
import { nameScope } from '../variable_scope.js';

/** Options of `oneHotEncoding`. */
export interface OneHotEncodingOptions {
  /** At the label's place. */
  onValue: number;
  /** Everywhere else; a label that is no class has it everywhere. */
  offValue: number;
  outputsCollections: CollectionNames;
  /** Name scope of the op; `OneHotEncoding` when null. */
  scope: string | null;
}

const defaults: OneHotEncodingOptions = { onValue: 1, offValue: 0, outputsCollections: null, scope: null };

/**
 * Labels as rows of one value for each class.
 * @param labels integers, [N] or any other shape
 * @returns float32[..., numClasses]
 * @throws ShapeError for labels that are no integers
 */
export const oneHotEncoding = addArgScope(
  'one_hot_encoding',
  defaults,
  (labels: Tensor, numClasses: number, o: OneHotEncodingOptions): Tensor =>
    nameScope(o.scope ?? 'OneHotEncoding', (name) => {
      const where = `oneHotEncoding (${name.slice(0, -1)})`;
      requireTensor(labels, where);
      for (const option of ['onValue', 'offValue'] as const) {
        if (typeof o[option] !== 'number')
          throw new ArgumentError(`${where}: ${option}: expected a number, received ${describe(o[option])}.`);
      }
      const attrs = {
        depth: positiveInteger(numClasses, `${where}: numClasses`),
        on_value: o.onValue,
        off_value: o.offValue,
      };
      return collectNamedOutputs(
        o.outputsCollections,
        name,
        apply(ops.oneHot, { indices: labels }, attrs, 'one_hot').y,
      );
    }),
);
