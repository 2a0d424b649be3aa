import { describe } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { ArgumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { checkSeed } from '../initializers.js';
import { identity } from '../math.js';
import { seedWords } from '../random.js';
import { requireTensor } from '../utils.js';
import { type Scope, variableScope } from '../variable_scope.js';
import { requireBoolean } from './common.js';

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Probability with which an element is kept; kept ones are divided by it. */
  keepProb: number;
  isTraining: boolean;
  outputsCollections: CollectionNames;
  /** Scope of the ops; `Dropout`, made unique, when null. */
  scope: Scope;
  /** The same seed gives the same mask; null takes one from the graph's seed and the scope. */
  seed: number | null;
}

const defaults: DropoutOptions = { keepProb: 0.5, isTraining: true, outputsCollections: null, scope: null, seed: null };

/**
 * Sets elements to zero at random while training (Srivastava et al., 2014); otherwise the values pass unchanged.
 * @throws ArgumentError unless keepProb is in (0, 1]
 */
export const dropout = addArgScope(
  'dropout',
  defaults,
  (inputs: Tensor, o: DropoutOptions): Tensor =>
    variableScope(o.scope, 'Dropout', (sc) => {
      const where = `dropout (${sc.name})`;
      requireTensor(inputs, where);
      requireBoolean(o.isTraining, `${where}: isTraining`);
      checkSeed(where, o.seed);
      if (typeof o.keepProb !== 'number' || !(o.keepProb > 0 && o.keepProb <= 1)) {
        throw new ArgumentError(
          `${where}: keepProb: expected more than 0 and at most 1, received ${describe(o.keepProb)}.`,
        );
      }
      return collectNamedOutputs(
        o.outputsCollections,
        sc.name,
        o.isTraining && o.keepProb < 1 ? dropped(inputs, o) : identity(inputs),
      );
    }),
);

function dropped(inputs: Tensor, { keepProb, seed }: DropoutOptions): Tensor {
  const { graph } = inputs;
  const [word] = seedWords({ graphSeed: graph.seed, name: seed === null ? graph.nameScope : '', ownSeed: seed });
  return apply(ops.dropout, { x: inputs }, { keep_prob: keepProb, seed: word as number }, 'dropout').y;
}
