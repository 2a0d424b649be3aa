import { describe } from '../../core/dtype.js';
import { apply, type Tensor } from '../../core/graph.js';
import { accepts, type ConcreteShape, isConcrete, type Shape, shapeText } from '../../core/shape.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { addArgScope } from '../arg_scope.js';
import { type CollectionNames, collectNamedOutputs } from '../collections.js';
import { checkSeed } from '../initializers.js';
import { identity, multiply, where as select } from '../math.js';
import { constant } from '../placeholder.js';
import { seedWords } from '../random.js';
import { requireTensor } from '../utils.js';
import { type Scope, variableScope } from '../variable_scope.js';
import { requireMode } from './common.js';

/** Options of `dropout`. */
export interface DropoutOptions {
  /** Probability with which an element is kept; kept ones are divided by it. */
  keepProb: number;
  /** Shape of the mask, which is stretched where it is 1; null in a place takes the inputs' size. null: that of the inputs. */
  noiseShape: Shape | null;
  /** A scalar of bool is asked at each run. */
  isTraining: boolean | Tensor;
  outputsCollections: CollectionNames;
  /** Scope of the ops; `Dropout`, made unique, when null. */
  scope: Scope;
  /** The same seed gives the same mask; null takes one from the graph's seed and the scope. */
  seed: number | null;
}

const defaults: DropoutOptions = {
  keepProb: 0.5,
  noiseShape: null,
  isTraining: true,
  outputsCollections: null,
  scope: null,
  seed: null,
};

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
      requireMode(o.isTraining, `${where}: isTraining`);
      checkSeed(where, o.seed);
      if (typeof o.keepProb !== 'number' || !(o.keepProb > 0 && o.keepProb <= 1)) {
        throw new ArgumentError(
          `${where}: keepProb: expected more than 0 and at most 1, received ${describe(o.keepProb)}.`,
        );
      }
      return collectNamedOutputs(o.outputsCollections, sc.name, inMode(inputs, o, where));
    }),
);

function inMode(inputs: Tensor, o: DropoutOptions, where: string): Tensor {
  const { isTraining } = o;
  if (isTraining === false || o.keepProb === 1) return identity(inputs);
  const net = dropped(inputs, o, where);
  return isTraining === true ? net : select(isTraining, net, inputs, 'cond');
}

function dropped(inputs: Tensor, o: DropoutOptions, where: string): Tensor {
  if (o.noiseShape === null) return masked(inputs, o);
  const ones = constant(1, { dtype: inputs.dtype, shape: maskShape(inputs.shape, o.noiseShape, where), name: 'ones' });
  return multiply(inputs, masked(ones, o), 'dropout/mul');
}

function maskShape(shape: Shape, noise: unknown, where: string): ConcreteShape {
  const list: readonly unknown[] = Array.isArray(noise) ? noise : [];
  const mask = list.map((d, i) => (d === null ? shape[i] : d));
  if (mask.length === shape.length && isConcrete(mask as Shape) && accepts(shape, stretched(mask as Shape, shape)))
    return mask as ConcreteShape;
  throw new ShapeError(
    `${where}: noiseShape: expected 1 or the known size for each dimension of ${shapeText(shape)}, received ${JSON.stringify(noise)}.`,
  );
}

function stretched(mask: Shape, shape: Shape): Shape {
  return mask.map((d, i) => (d === 1 ? (shape[i] as number | null) : d));
}

function masked(inputs: Tensor, { keepProb, seed }: DropoutOptions): Tensor {
  const { graph } = inputs;
  const [word] = seedWords({ graphSeed: graph.seed, name: seed === null ? graph.nameScope : '', ownSeed: seed });
  return apply(ops.dropout, { x: inputs }, { keep_prob: keepProb, seed: word as number }, 'dropout').y;
}
